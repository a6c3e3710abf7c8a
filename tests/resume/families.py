"""Models of every family, with all that draws, sums and decides in a run."""
HEAD = """
name: run
run_dir: run
seed: 5
checkpoint: {every_steps: 4, keep: 100}
log: {every_steps: 1}
comm: {reproducible_grains: 12, bucket_mib: 0.01}
"""

DENSE = HEAD + """
data:
  train: "synthetic:spirals?n=230&features=5&classes=3"
  validation_fraction: 0.2
  test: "synthetic:spirals?n=31&features=5&classes=3&seed=2"
  normalize: per_feature
model:
  input: [5]
  layers:
    - dense: {units: 33, activation: gelu}
    - dropout: {rate: 0.2}
    - dense: {units: 33, activation: tanh}
    - layer_norm
    - dense: {units: 3}
metrics: [accuracy, f1]
optimizer: {kind: adamw, learning_rate: 0.03, weight_decay: 0.1, l1: 0.0001}
schedule: {kind: plateau, patience: 1, factor: 0.5, warmup_steps: 2}
train: {epochs: 8, batch_size: 40, micro_batch_size: 3, clip_norm: 0.3, parameter_average: 0.8,
        early_stopping: {patience: 3}}
"""

CONV = HEAD + """
data: {train: "synthetic:images?n=50&shape=9x9x2&classes=3", validation_fraction: 0.2,
       augment: {flip: true, crop_padding: 1, noise: 0.1}, normalize: per_channel}
model:
  input: [9, 9, 2]
  layers:
    - conv2d: {filters: 8, kernel: 3, bias: false}
    - batch_norm: {momentum: 0.3}
    - activation: {kind: relu}
    - residual:
        layers:
          - conv2d: {filters: 8, kernel: 3, bias: false}
          - batch_norm
          - activation: {kind: relu}
    - max_pool2d: {size: 2}
    - flatten
    - dropout: {rate: 0.1}
    - dense: {units: 3}
metrics: [accuracy]
optimizer: {kind: sgd, learning_rate: 0.1, momentum: 0.9, nesterov: true, weight_decay: 0.001}
train: {epochs: 3, batch_size: 17, clip_norm: 1.0}
"""

LSTM = HEAD + """
data: {train: "synthetic:sequence?n=44&length=11&vocabulary=13", validation_fraction: 0.2}
model:
  input: [11]
  layers:
    - embedding: {vocabulary: 13, units: 10}
    - lstm: {units: 17, bidirectional: false}
    - dropout: {rate: 0.1}
    - dense: {units: 13}
metrics: [perplexity]
optimizer: {kind: lamb, learning_rate: 0.02, weight_decay: 0.01}
train: {epochs: 3, batch_size: 14, clip_norm: 0.5}
"""

GPT = HEAD + """
data: {train: "synthetic:sequence?n=44&length=16&vocabulary=11", validation_fraction: 0.2}
model:
  input: [16]
  layers:
    - embedding: {name: tokens, vocabulary: 11, units: 16}
    - position_embedding
    - repeat:
        times: 2
        layers:
          - transformer_block: {heads: 2, causal: true, dropout: 0.1}
    - layer_norm
    - output_embedding: {share: tokens}
loss: cross_entropy
label_smoothing: 0.1
optimizer: {kind: adamw, learning_rate: 0.01, weight_decay: 0.1}
schedule: {kind: cosine, warmup_steps: 3}
train: {epochs: 3, batch_size: 14, clip_norm: 0.5, parameter_average: 0.9, recompute: blocks}
"""
