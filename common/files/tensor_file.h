/*
 * Tensor files: the .safetensors format, which every framework reads
 * (https://github.com/huggingface/safetensors, "Format").
 *
 * Eight bytes of header length, a JSON header with name, dtype, shape and
 * place of every tensor, then the bytes. A file is written under another name
 * and renamed when it is complete. Reading trusts nothing: lengths, offsets,
 * overlaps, dtypes and shapes are checked against the file's size.
 */
#ifndef COMMON_FILES_TENSOR_FILE_H
#define COMMON_FILES_TENSOR_FILE_H

#include "common/base/tensor.h"

struct tensor_file; /* a set of named tensors, with text metadata */

#define TENSOR_FILE_ERROR_SIZE 512

struct tensor_file *tensor_file_new(void);
void tensor_file_free(struct tensor_file *file); /* NULL is allowed */
/* Adds a reference to the tensor under a name that must be new (fatal otherwise). */
void tensor_file_add(struct tensor_file *file, const char *name, struct tensor *tensor);
void tensor_file_set_metadata(struct tensor_file *file, const char *key, const char *value);

int tensor_file_count(const struct tensor_file *file);
const char *tensor_file_name(const struct tensor_file *file, int index);
struct tensor *tensor_file_at(const struct tensor_file *file, int index); /* stays the file's */
/* The tensor of that name, which stays the file's, or NULL. */
struct tensor *tensor_file_get(const struct tensor_file *file, const char *name);
const char *tensor_file_metadata(const struct tensor_file *file, const char *key); /* or NULL */

/* Both return success; on failure error says which file, what and where. */
bool tensor_file_write(const struct tensor_file *file, const char *path,
                       char error[TENSOR_FILE_ERROR_SIZE]);
/* A new file that the caller frees, or NULL. Tensors are on the CPU, of the kind given. */
struct tensor_file *tensor_file_read(const char *path, enum memory_kind kind,
                                     char error[TENSOR_FILE_ERROR_SIZE]);

#endif
