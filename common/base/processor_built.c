/* What kernels were compiled for; see processor.h. Compiled with their flags, so there must be no code in
 * it. */
#include "common/base/processor.h"

/* What a compiler uses by itself in C. */
const char processor_built_for[] =
#if defined(__SSE4_2__)
    "sse4.2 "
#endif
#if defined(__POPCNT__)
    "popcnt "
#endif
#if defined(__AVX__)
    "avx "
#endif
#if defined(__AVX2__)
    "avx2 "
#endif
#if defined(__FMA__)
    "fma "
#endif
#if defined(__FMA4__)
    "fma4 "
#endif
#if defined(__XOP__)
    "xop "
#endif
#if defined(__BMI__)
    "bmi "
#endif
#if defined(__BMI2__)
    "bmi2 "
#endif
#if defined(__LZCNT__)
    "lzcnt "
#endif
#if defined(__F16C__)
    "f16c "
#endif
#if defined(__MOVBE__)
    "movbe "
#endif
#if defined(__AVX512F__)
    "avx512f "
#endif
#if defined(__AVX512CD__)
    "avx512cd "
#endif
#if defined(__AVX512BW__)
    "avx512bw "
#endif
#if defined(__AVX512DQ__)
    "avx512dq "
#endif
#if defined(__AVX512VL__)
    "avx512vl "
#endif
#if defined(__AVX512IFMA__)
    "avx512ifma "
#endif
#if defined(__AVX512VBMI__)
    "avx512vbmi "
#endif
#if defined(__AVX512VBMI2__)
    "avx512vbmi2 "
#endif
#if defined(__AVX512VNNI__)
    "avx512vnni "
#endif
#if defined(__AVX512BITALG__)
    "avx512bitalg "
#endif
#if defined(__AVX512VPOPCNTDQ__)
    "avx512vpopcntdq "
#endif
#if defined(__AVX512BF16__)
    "avx512bf16 "
#endif
#if defined(__AVX512FP16__)
    "avx512fp16 "
#endif
#if defined(__AVXVNNI__)
    "avxvnni "
#endif
#if defined(__GFNI__)
    "gfni "
#endif
#if defined(__ARM_FEATURE_ATOMICS)
    "atomics "
#endif
#if defined(__ARM_FEATURE_DOTPROD)
    "asimddp "
#endif
#if defined(__ARM_FEATURE_SVE)
    "sve "
#endif
#if defined(__ARM_FEATURE_SVE2)
    "sve2 "
#endif
    "";
