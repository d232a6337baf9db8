/*
 * An index outside of its array, in a student's file: ends the program with the
 * line, the index and the array, instead of writing over whatever lies behind it.
 *
 * Students' files are compiled with -fsanitize=bounds, so that the compiler calls
 * this function where an index does not fit an array whose size it knows. Name
 * and data are those of the compiler's own library (libubsan), which is not linked
 * unless SANITIZE=1 asks for all of it: GCC's libsanitizer/ubsan/ubsan_handlers.h.
 */
#include "common/base/fatal.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct source_place {
    const char *file;
    uint32_t line;
    uint32_t column;
};

struct type_description {
    uint16_t kind;
    uint16_t width_and_sign; /* 2 · log2 of its bits, and 1 if it is signed */
    char name[];             /* in single quotes */
};

struct out_of_bounds {
    struct source_place place;
    const struct type_description *array;
    const struct type_description *index;
};

/* index: the value, its upper bits undefined if the type has fewer than 64. */
void __ubsan_handle_out_of_bounds(const struct out_of_bounds *found, uintptr_t index);

void __ubsan_handle_out_of_bounds(const struct out_of_bounds *found, uintptr_t index)
{
    const unsigned bits = 1U << (found->index->width_and_sign >> 1);
    const uint64_t sign = bits > 0 && bits < 64 ? (uint64_t)1 << (bits - 1) : 0;
    const bool is_signed = (found->index->width_and_sign & 1) != 0;
    /* The type's sign bit becomes that of 64 bits. */
    const int64_t value = sign != 0 && is_signed
                              ? (int64_t)((((uint64_t)index & (2 * sign - 1)) ^ sign) - sign)
                              : (int64_t)index;
    const char *slash = strrchr(found->place.file, '/');
    fatal_at("array", "%s:%d: the index %lld is outside of an array %s",
             slash != NULL ? slash + 1 : found->place.file, (int)found->place.line,
             (long long)value, found->array->name);
}
