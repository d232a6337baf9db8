/*
 * Tokens: the mean over them, and images cut into patches.
 */
#include "common/kernels/cpu.h"

#include <string.h>

void cpu_mean_tokens(int samples, int tokens, int width, const float *x, float *y)
{
    float share = 1.0f / (float)tokens;
#pragma omp parallel for schedule(static) if ((double)samples * tokens * width > PARALLEL_THRESHOLD)
    for (int n = 0; n < samples; n++) {
        const float *in = x + (size_t)n * tokens * width;
        float *out = y + (size_t)n * width;
        memset(out, 0, sizeof *out * (size_t)width);
        for (int token = 0; token < tokens; token++, in += width)
#pragma omp simd
            for (int j = 0; j < width; j++)
                out[j] += in[j];
#pragma omp simd
        for (int j = 0; j < width; j++)
            out[j] *= share;
    }
}

void cpu_mean_tokens_backward(int samples, int tokens, int width, const float *dy, float *dx)
{
    float share = 1.0f / (float)tokens;
#pragma omp parallel for schedule(static) if ((double)samples * tokens * width > PARALLEL_THRESHOLD)
    for (int n = 0; n < samples; n++) {
        const float *in = dy + (size_t)n * width;
        float *out = dx + (size_t)n * tokens * width;
        for (int token = 0; token < tokens; token++, out += width)
#pragma omp simd
            for (int j = 0; j < width; j++)
                out[j] = in[j] * share;
    }
}

/* Copies every row of every patch, patch rows in order: from the images if cut, else to them. */
SPECIALISED void copy_patches(const struct patch_sizes *sizes, float *images, float *patches,
                              const bool cut)
{
    int patch = sizes->patch;
    int down = sizes->height / patch, across = sizes->width / patch;
    size_t row_bytes = sizeof(float) * (size_t)patch;
#pragma omp parallel for schedule(static) if ((double)sizes->samples * sizes->channels *           \
                                                  sizes->height * sizes->width >                   \
                                              PARALLEL_THRESHOLD)
    for (int n = 0; n < sizes->samples; n++) {
        size_t sample = (size_t)n * sizes->channels * sizes->height * sizes->width;
        float *patch_row = patches + sample;
        for (int token = 0; token < down * across; token++)
            for (int channel = 0; channel < sizes->channels; channel++)
                for (int y = 0; y < patch; y++, patch_row += patch) {
                    int row = token / across * patch + y;
                    float *image_row = images + sample +
                                       ((size_t)channel * sizes->height + row) * sizes->width +
                                       token % across * patch;
                    if (cut)
                        memcpy(patch_row, image_row, row_bytes);
                    else
                        memcpy(image_row, patch_row, row_bytes);
                }
    }
}

void cpu_cut_patches(const struct patch_sizes *sizes, const float *images, float *patches)
{
    copy_patches(sizes, (float *)images, patches, true);
}

void cpu_paste_patches(const struct patch_sizes *sizes, const float *patches, float *images)
{
    copy_patches(sizes, images, (float *)patches, false);
}
