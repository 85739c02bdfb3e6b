/* cli.h - what the parts of the native program share: its words, its files, its commands. */
#ifndef DM_CLI_H
#define DM_CLI_H

#include <stddef.h>
#include <stdint.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, READ_BYTES = 1 << 16 };

/* Writes "dolmetsch: ..." and a line end to standard error; returns code. */
__attribute__((format(printf, 2, 3)))
int complain(int code, const char *format, ...);
int print_help(void);

/* Bytes that grow, 64-byte aligned as a model must be; zeroed is empty, `bytes` is freed by the owner. */
typedef struct { char *bytes; size_t size, room; } buffer;
/* Room for `more` bytes after size; 0 when memory ran out. */
int reserve(buffer *b, size_t more);

/* These return an exit code, and have complained of the file at fault where it is not 0. */
int read_file(buffer *b, const char *path);
/* A model file, or the chunks model.000, model.001, ... of a folder. */
int read_model(buffer *b, const char *path);
/* All of it or nothing: what was at `path` stays until the new bytes are written. */
int write_file(const char *path, const uint8_t *bytes, size_t size);

/* dolmetsch pack, without these two words. */
int run_pack(int argc, char **argv);

#endif
