# Which samples each step of a run of chaos.yaml used, out of its metrics.jsonl.
#   awk -f used.awk -v samples=N -v batch=N -v expected=EPOCHS metrics.jsonl
# Fails unless every epoch used every sample exactly once.

function fault(text) { print text; faults++ }

/"event": "step"/ {
    match($0, /"loss": [^,]*/)
    left = int(substr($0, RSTART + 8, RLENGTH - 8)) # its bits are the samples
    n = 0
    for (i = samples - 1; i >= 0; i--)
        if (left >= 2 ^ i) { left -= 2 ^ i; used[i]++; n++ }
    steps++
    if (n != batch || left != 0) fault("step " steps ": " n " samples and a rest of " left)
}

/"event": "epoch"/ {
    epochs++
    for (i = 0; i < samples; i++) {
        if (used[i] != 1) fault("epoch " epochs ": sample " i " was used " used[i] + 0 " times")
        used[i] = 0
    }
}

END {
    if (epochs != expected) fault(epochs + 0 " epochs, not " expected)
    if (!faults) print epochs " epochs of " steps / epochs " steps: every sample was used exactly once in each"
    exit faults > 0
}
