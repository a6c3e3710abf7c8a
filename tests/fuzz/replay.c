/* Gives every file of the directories named to a fuzz target: the fuzzers' corpora as plain tests. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static int replay(const char *directory, const char *name)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    size_t room = 1 << 20, n = 0, got;
    uint8_t *bytes = malloc(room);
    while (bytes != NULL && (got = fread(bytes + n, 1, room - n, file)) > 0) {
        n += got;
        if (n < room) continue;
        uint8_t *more = realloc(bytes, room *= 2);
        if (more == NULL) free(bytes);
        bytes = more;
    }
    int failed = bytes == NULL || ferror(file);
    (void)fclose(file);
    if (failed) {
        perror(path);
    } else {
        printf("%s\n", name);
        (void)fflush(stdout); /* the last line names the file that crashes */
        (void)LLVMFuzzerTestOneInput(bytes, n);
    }
    free(bytes);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0, files = 0;
    for (int i = 1; i < argc; i++) {
        DIR *directory = opendir(argv[i]);
        if (directory == NULL) {
            perror(argv[i]);
            return 1;
        }
        for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
            if (entry->d_name[0] == '.') continue;
            failed += replay(argv[i], entry->d_name);
            files++;
        }
        (void)closedir(directory);
    }
    printf("%d files, %d failed\n", files, failed);
    return files == 0 || failed > 0;
}
