/*
 * The table of the CPU's kernels, and the choice of a device's table (kernels.h).
 */
#include "common/kernels/cpu.h"

#include "common/base/device.h"
#include "common/kernels/work/work.h"

const struct kernels cpu_kernels = {
    .matrix_product = cpu_matrix_product,
    .bfloat16_product = cpu_bfloat16_product,
    .fill_rows = cpu_fill_rows,
    .add_column_sums = cpu_add_column_sums,
    .add = cpu_add,
    .multiply = cpu_multiply,
    .relu = cpu_relu,
    .relu_backward = cpu_relu_backward,
    .gelu = cpu_gelu,
    .exponential = cpu_exponential,
    .logarithm = cpu_logarithm,
    .dropout = cpu_dropout,
    .widen = cpu_widen,
    .narrow = cpu_narrow,
    .add_to_columns = cpu_add_to_columns,
    .multiply_columns = cpu_multiply_columns,
    .add_to_rows = cpu_add_to_rows,
    .multiply_rows = cpu_multiply_rows,
    .row_sums = cpu_row_sums,
    .row_maxima = cpu_row_maxima,
    .pick = cpu_pick,
    .add_to_picked = cpu_add_to_picked,
    .sum = cpu_sum,
    .scale = cpu_scale,
    .inverse_square_root = cpu_inverse_square_root,
    .copy_blocks = cpu_copy_blocks,
    .layer_norm = cpu_layer_norm,
    .layer_norm_backward_input = cpu_layer_norm_backward_input,
    .layer_norm_backward_weight = cpu_layer_norm_backward_weight,
    .batch_norm = cpu_batch_norm,
    .batch_norm_with = cpu_batch_norm_with,
    .batch_norm_backward = cpu_batch_norm_backward,
    .follow = cpu_follow,
    .convolution = cpu_convolution,
    .convolution_backward_input = cpu_convolution_backward_input,
    .convolution_backward_weight = cpu_convolution_backward_weight,
    .max_pool = cpu_max_pool,
    .max_pool_backward = cpu_max_pool_backward,
    .average_pool = cpu_average_pool,
    .average_pool_backward = cpu_average_pool_backward,
    .plane_means = cpu_plane_means,
    .plane_means_backward = cpu_plane_means_backward,
    .attention = cpu_attention,
    .attention_backward = cpu_attention_backward,
    .embedding = cpu_embedding,
    .embedding_backward = cpu_embedding_backward,
    .mean_tokens = cpu_mean_tokens,
    .mean_tokens_backward = cpu_mean_tokens_backward,
    .cut_patches = cpu_cut_patches,
    .paste_patches = cpu_paste_patches,
    .cross_entropy = cpu_cross_entropy,
    .cross_entropy_backward = cpu_cross_entropy_backward,
    .sgd_step = cpu_sgd_step,
    .adamw_step = cpu_adamw_step,
};

const struct kernels *kernels_for(enum device device)
{
    static bool prepared;
    if (device == DEVICE_META)
        return work_table(&meta_kernels);
    if (device == DEVICE_CUDA)
        return device_kernels();
    if (!prepared) {
        cpu_prepare_matrix_products();
        prepared = true;
    }
    return work_table(&cpu_kernels);
}
