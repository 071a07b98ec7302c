/* Runs a fuzz target over every file of its corpus folder, so that plain ctest keeps what fuzzing found. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data;
    size_t n;

    if (file == NULL)
        return -1;
    data = malloc(1 << 22);
    n = data != NULL ? fread(data, 1, 1 << 22, file) : 0;
    fclose(file);
    if (data != NULL)
        LLVMFuzzerTestOneInput(data, n);
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    DIR *dir = argc > 1 ? opendir(argv[1]) : NULL;
    const struct dirent *entry;
    unsigned count = 0;

    if (dir == NULL) {
        fprintf(stderr, "usage: replay CORPUS\n");
        return 1;
    }
    while ((entry = readdir(dir)) != NULL) {
        char path[4096];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
        if (replay(path) < 0)
            return 1;
        count++;
    }
    closedir(dir);
    printf("%u inputs\n", count);
    return count > 0 ? 0 : 1;
}
