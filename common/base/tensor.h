/*
 * Tensors: row-major arrays of up to four dimensions.
 *
 * A tensor is counted by references. tensor_new() and every function that
 * "returns a new tensor" hand one reference to the caller, who gives it back
 * with tensor_free(). A function that "takes over" a tensor gives the caller's
 * reference back itself. A view shares the memory of the tensor that it looks
 * into and keeps it alive.
 *
 * `data` is for kernels, for tensor files, for tests and for MPI: nobody else
 * looks inside. Memory is accounted by kind (memory.h); running out of it is
 * fatal, with a message that says what was asked for.
 *
 * On the GPU (device.h) `data` is an address in its memory: MPI may send it and receive into it, and kernels
 * work on it; on the processor nobody may look at it, nor write there. Who needs the numbers takes
 * tensor_on_host. Tensors of the kind MEMORY_HOST are never there: asked for with DEVICE_CUDA, they are on the CPU.
 *
 * On the meta device a tensor has a shape and no numbers. Its memory is
 * accounted as if it were there, but `data` points into memory that all meta
 * tensors share (machine_folded_memory): MPI may send it and receive into it,
 * up to TENSOR_META_MESSAGE_BYTES, and nothing is carried. Kernels do nothing
 * with it, and so do tensor_zero and tensor_copy. Whoever needs numbers calls
 * tensor_need_numbers first. Only there may a tensor have more elements than an
 * int can count.
 */
#ifndef COMMON_BASE_TENSOR_H
#define COMMON_BASE_TENSOR_H

#include "common/base/callers.h"
#include "common/base/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers of 16 bits are stored, sent and kept; one computes with them in float32 (sixteen_bits.h, kernels.h). */
enum dtype { DTYPE_FLOAT32, DTYPE_BFLOAT16, DTYPE_FLOAT16, DTYPE_INT32 };

#define TENSOR_MAX_DIMENSIONS 4

/* Of a larger meta tensor only so much may be sent or received in one message. */
#define TENSOR_META_MESSAGE_BYTES ((size_t)512 << 20)
/* So much of it has addresses: a message may begin anywhere in there, as a bucket does that lies far behind in all
 * gradients. */
#define TENSOR_META_BYTES ((size_t)16 << 30)

struct shape {
    int dimensions;
    int size[TENSOR_MAX_DIMENSIONS];
};

/* SHAPE(64, 10) is a struct shape of two dimensions. */
#define SHAPE(...)                                                                                 \
    ((struct shape){.dimensions = (int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)),               \
                    .size = {__VA_ARGS__}})

/* Who did something with a tensor (callers_walk), for the message when that was a mistake. */
struct tensor_event {
    void *address[CALLERS_MOST];
    int frames;
};
enum { TENSOR_RELEASES = 3 };

struct tensor {
    void *data;      /* the first element */
    size_t elements; /* number of elements */
    int count;       /* the same, as MPI calls take it; -1 if it does not fit an int */
    struct shape shape;
    enum dtype dtype;
    enum device device;
    enum memory_kind kind;
    struct tensor *narrow;     /* private: its numbers in 16 bits, or NULL (tensor_set_narrow) */
    bool scratch;              /* private: an activation that counts as workspace */
    int references;            /* private */
    bool borrowed;             /* private: tensor_borrow */
    struct tensor *base;       /* private: the tensor that a view looks into, else NULL */
    struct tensor_held *held;  /* private: its place among those that the program holds, or NULL */
    struct tensor_event taken; /* private: tensor_taken */
    struct tensor_event released[TENSOR_RELEASES]; /* private: the latest references given back */
    int releases;
};

/* Number of elements; fatal if it does not fit the type or a size is negative. */
int shape_count(struct shape shape);
size_t shape_elements(struct shape shape);
/* A shape for so many numbers in a row: (elements). Where that does not fit an int, rows of
 * 1024, the last one not quite needed. */
struct shape shape_flat(size_t elements);
bool shape_equal(struct shape a, struct shape b);
/* The size of the last dimension. */
int shape_last(struct shape shape);
/* The same, but for the size of one dimension, or of the last: (8, 3, 32) and 1, 2 make (8, 2, 32). Fatal where
 * there is no such dimension. */
struct shape shape_with(struct shape shape, int dimension, int size);
struct shape shape_with_last(struct shape shape, int size);
/* The same sizes behind a leading dimension: (3, 32, 32) and 8 make (8, 3, 32, 32). */
struct shape shape_with_batch(int batch, struct shape sample);
/* Writes "(64, 10)" to text and returns text. */
#define SHAPE_TEXT_SIZE 64
const char *shape_text(struct shape shape, char text[SHAPE_TEXT_SIZE]);
/* The same of the place of an element, counted row by row: element 13 of (64, 10) is at "(1, 3)". */
const char *shape_place_text(struct shape shape, int element, char text[SHAPE_TEXT_SIZE]);

size_t dtype_bytes(enum dtype dtype);
const char *dtype_name(enum dtype dtype);     /* "float32", "bfloat16", "float16", "int32" */
bool dtype_is_sixteen_bits(enum dtype dtype); /* bfloat16 or float16 */

/* A new tensor; its contents are undefined. */
struct tensor *tensor_new(enum memory_kind kind, enum dtype dtype, enum device device,
                          struct shape shape);
/* A view of `shape` that begins `first` elements into base. */
struct tensor *tensor_view(struct tensor *base, size_t first, struct shape shape);
/* A float32 tensor over memory that stays somebody else's: it is accounted there, and not freed with
 * the tensor. On the meta device `data` is not looked at. */
struct tensor *tensor_borrow(enum memory_kind kind, enum device device, struct shape shape,
                             float *data);
struct tensor *tensor_retain(struct tensor *tensor); /* one more reference; returns tensor */
void tensor_free(struct tensor *tensor);             /* gives one reference back; NULL is allowed */
bool tensor_is_shared(const struct tensor *tensor);  /* more than one reference, or a view */
/* References that somebody must give back: all there are, but for those by which views hold what
 * they look into. Who compares two moments knows whether something was freed too seldom. */
long tensor_references_held(void);

/* All functions that take over a tensor of their caller's, who may neither free nor use it then. The
 * last one has no name. */
struct tensor_taker {
    const char *function, *parameter;
};
extern const struct tensor_taker tensor_takers[];
/* Each of them says so first. Fatal for a tensor that was freed, as tensor_must_live. */
void tensor_taken(struct tensor *tensor, const char *what, const char *function);
/* A tensor that becomes the caller's; returns it. NULL is allowed. */
struct tensor *tensor_handed_out(struct tensor *tensor);
/* Fatal, in the name of a function, for a tensor that was freed; says by whom and who took it over,
 * with lines. what: the tensor, as the function calls it. */
void tensor_must_live(const struct tensor *tensor, const char *what, const char *function);
/* For tensor_free: notes who gives a reference back. */
void tensor_note_release(struct tensor *tensor);

size_t tensor_bytes(const struct tensor *tensor);
/* Fatal for a tensor on the meta device. purpose completes "can't …": "be compared". */
void tensor_need_numbers(const struct tensor *tensor, const char *purpose);
/* The same numbers where the processor can read them: the tensor itself, or, of one on the GPU, a copy that counts as
 * workspace. A new reference, the caller's. Fatal for a tensor on the meta device, as tensor_need_numbers. */
struct tensor *tensor_on_host(const struct tensor *tensor, const char *purpose);
/* Where the processor writes what a tensor is to hold: the tensor itself, or, of one on the GPU, room that counts as
 * workspace, and in which is nothing. A new reference; tensor_bring takes it over, and brings what was written there
 * to the tensor. To change some numbers of many: tensor_on_host, and tensor_bring. */
struct tensor *tensor_host_room(struct tensor *tensor);
void tensor_bring(struct tensor *tensor, struct tensor *room);
/* Elements first … first + count - 1 from memory that the processor reads, of the tensor's dtype, and back; on any device
 * that has numbers. On the meta device nothing happens. */
void tensor_put(struct tensor *tensor, size_t first, size_t count, const void *numbers);
void tensor_get(const struct tensor *tensor, size_t first, size_t count, void *numbers);
/* Rows of the last dimension: elements / its size. */
int tensor_rows(const struct tensor *tensor);
void tensor_zero(struct tensor *tensor);
/* All bits set: NaN in every floating-point type, -1 in integers. */
void tensor_spoil(struct tensor *tensor);
/* Copies the elements, from one device to another, too; count and dtype must agree (fatal otherwise). */
void tensor_copy(struct tensor *to, const struct tensor *from);

/* ---- one tensor in two precisions: for layers that keep numbers of 16 bits and compute in float32
 * (tensor_narrow.c) ---- */

/* narrow, which it takes over, has the numbers of `wide`, of which it was made or which it was made of.
 * Whoever writes into `wide` then calls tensor_forget_narrow. */
void tensor_set_narrow(struct tensor *wide, struct tensor *narrow);
/* The tensor that was set, with a new reference for the caller; NULL: none was. */
struct tensor *tensor_narrow_of(const struct tensor *wide);
void tensor_forget_narrow(struct tensor *wide);
/* While it is true, what tensor_new makes as an activation counts as workspace: what lives inside of one
 * call of a layer. Returns what it was. */
bool tensor_activations_are_scratch(bool wanted);
/* From now on such a tensor counts as the activation that it was made as; others stay as they are. */
void tensor_becomes_activation(struct tensor *tensor);
/* For tensor_narrow.c: a reference of the caller's becomes one by which a tensor holds another, and back. */
void tensor_bind(struct tensor *tensor);
void tensor_unbind(struct tensor *tensor);

/* ---- who holds a tensor: for those who look for what was never freed (tensor_held.c) ---- */

struct tensor_origin {
    int what; /* whoever hands it out has a number for each kind */
    int stage, micro_batch;
    uint64_t caller; /* who got it: common/log/log_caller.h */
};
/* The tensor (NULL: nothing happens) was given to the program, which holds it from now on: until it is
 * freed or taken over. */
void tensor_hand_out(struct tensor *tensor, struct tensor_origin origin);
/* The program has given its reference away: it holds the tensor no longer. */
void tensor_take_over(struct tensor *tensor);
/* Visits what was handed out since the last time and is still held, the newest first. */
void tensor_visit_held(void (*visit)(const struct tensor *tensor, struct tensor_origin origin));

static inline float *tensor_floats(const struct tensor *tensor)
{
    return (float *)tensor->data;
}
static inline int32_t *tensor_integers(const struct tensor *tensor)
{
    return (int32_t *)tensor->data;
}

#endif
