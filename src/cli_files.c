/* cli_files.c - the native program's files: read whole, written whole or not at all. */
#define _XOPEN_SOURCE 700     /* realpath */
#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 4096 };

int reserve(buffer *b, size_t more)
{
    if (more <= b->room - b->size) return 1;
    const size_t room = (2 * b->room + more + 63) / 64 * 64;
    char *grown = aligned_alloc(64, room);
    if (!grown) return 0;
    if (b->size) memcpy(grown, b->bytes, b->size);
    free(b->bytes);
    b->bytes = grown;
    b->room = room;
    return 1;
}

/* --- reading ------------------------------------------------------------------------------------ */

/* Appends a whole file; 0, or the errno of what failed. */
static int append_file(buffer *b, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) return errno;
    int error = 0;
    for (size_t got = 1; got && !error; b->size += got) {
        got = reserve(b, READ_BYTES) ? fread(b->bytes + b->size, 1, READ_BYTES, f) : 0;
        if (!got && !feof(f)) error = ferror(f) ? errno : ENOMEM;
    }
    fclose(f);
    return error;
}

int read_file(buffer *b, const char *path)
{
    const int error = append_file(b, path);
    return error ? complain(EXIT_FAILED, "%s: %s", path, strerror(error)) : 0;
}

static int is_folder(const char *path)
{
    struct stat at;
    return stat(path, &at) == 0 && S_ISDIR(at.st_mode);
}

int read_model(buffer *b, const char *path)
{
    if (!is_folder(path)) return read_file(b, path);
    char chunk[PATH_ROOM];
    for (int i = 0;; i++) {
        if (snprintf(chunk, sizeof chunk, "%s/model.%03d", path, i) >= (int)sizeof chunk)
            return complain(EXIT_FAILED, "%s: %s", path, strerror(ENAMETOOLONG));
        const int error = append_file(b, chunk);
        if (error == ENOENT && i > 0) return 0;       /* which chunk is the last, only the file's head knows */
        if (error) return complain(EXIT_FAILED, "%s: %s", chunk, strerror(error));
    }
}

/* --- writing ------------------------------------------------------------------------------------ */

static int write_all(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    if (!f) return errno;
    int error = fwrite(bytes, 1, size, f) == size ? 0 : errno;
    if (fclose(f) && !error) error = errno;
    return error;
}

/* Beside the file, then in its place: one name is changed at once, on any file system. */
static int replace_file(const char *path, const uint8_t *bytes, size_t size)
{
    char part[PATH_ROOM];
    if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part)
        return complain(EXIT_FAILED, "%s: %s", path, strerror(ENAMETOOLONG));
    int error = write_all(part, bytes, size);
    if (error) complain(EXIT_FAILED, "%s: %s", part, strerror(error));
    else if (rename(part, path)) error = errno, complain(EXIT_FAILED, "%s: %s", path, strerror(error));
    if (error) unlink(part);
    return error ? EXIT_FAILED : 0;
}

int write_file(const char *path, const uint8_t *bytes, size_t size)
{
    struct stat at;
    const int exists = stat(path, &at) == 0;
    if (exists && !S_ISREG(at.st_mode)) {             /* a terminal, a pipe, /dev/null: a rename would put a file in its place */
        const int error = write_all(path, bytes, size);
        return error ? complain(EXIT_FAILED, "%s: %s", path, strerror(error)) : 0;
    }
    char *target = exists ? realpath(path, NULL) : NULL;  /* of a link: it stays one */
    const int code = replace_file(target ? target : path, bytes, size);
    free(target);
    return code;
}
