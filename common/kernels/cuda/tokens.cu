/*
 * Tokens: the mean over them, and images cut into patches. A thread for each number that is written.
 */
#include "common/kernels/cuda/cuda.h"

/* Element (sample, column) of y. */
static __global__ void mean_tokens(size_t count, int tokens, int width, const float *x, float *y)
{
    const size_t i = thread_number();
    if (i >= count)
        return;
    x += i / width * tokens * width + i % width;
    float sum = 0;
    for (int token = 0; token < tokens; token++)
        sum += x[(size_t)token * width];
    y[i] = sum * (1.0f / (float)tokens);
}

/* Element (sample, token, column) of dx. */
static __global__ void mean_tokens_backward(size_t count, int tokens, int width, const float *dy,
                                            float *dx)
{
    const size_t i = thread_number();
    if (i < count)
        dx[i] = dy[i / width / tokens * width + i % width] * (1.0f / (float)tokens);
}

/* Where the number i of all patches stands in the images. */
static __device__ size_t place_in_images(const struct patch_sizes &sizes, size_t i)
{
    const int side = sizes.patch, across = sizes.width / side, down = sizes.height / side;
    const int in_patch = (int)(i % (side * side));
    const size_t plane = i / (side * side); /* (sample, patch, channel) */
    const int channel = (int)(plane % sizes.channels);
    const int patch = (int)(plane / sizes.channels % (across * down));
    const size_t sample = plane / sizes.channels / (across * down);
    const int row = patch / across * side + in_patch / side;
    const int column = patch % across * side + in_patch % side;
    return ((sample * sizes.channels + channel) * sizes.height + row) * sizes.width + column;
}

static __global__ void cut_patches(struct patch_sizes sizes, size_t count, const float *images,
                                   float *patches)
{
    const size_t i = thread_number();
    if (i < count)
        patches[i] = images[place_in_images(sizes, i)];
}

static __global__ void paste_patches(struct patch_sizes sizes, size_t count, const float *patches,
                                     float *images)
{
    const size_t i = thread_number();
    if (i < count)
        images[place_in_images(sizes, i)] = patches[i];
}

void cuda_mean_tokens(int samples, int tokens, int width, const float *x, float *y)
{
    const size_t count = (size_t)samples * (size_t)width;
    LAUNCH(mean_tokens, cuda_blocks(count), THREADS, count, tokens, width, x, y);
}

void cuda_mean_tokens_backward(int samples, int tokens, int width, const float *dy, float *dx)
{
    const size_t count = (size_t)samples * (size_t)tokens * (size_t)width;
    LAUNCH(mean_tokens_backward, cuda_blocks(count), THREADS, count, tokens, width, dy, dx);
}

static size_t pixels_of(const struct patch_sizes *sizes)
{
    return (size_t)sizes->samples * (size_t)sizes->channels * (size_t)sizes->height *
           (size_t)sizes->width;
}

void cuda_cut_patches(const struct patch_sizes *sizes, const float *images, float *patches)
{
    const size_t count = pixels_of(sizes);
    LAUNCH(cut_patches, cuda_blocks(count), THREADS, *sizes, count, images, patches);
}

void cuda_paste_patches(const struct patch_sizes *sizes, const float *patches, float *images)
{
    const size_t count = pixels_of(sizes);
    LAUNCH(paste_patches, cuda_blocks(count), THREADS, *sizes, count, patches, images);
}
