/* What a linear layer gives, number by number; see made_layers.h. */
#include "assignments/tensor/tests/support/made_layers.h"

#include "common/files/tensor_parts.h"
#include "common/log/log_fields.h"
#include "tests/support/test.h"

#include <string.h>

#define RANKS MADE_RANKS

/* A trial in numbers. */
struct numbers {
    struct trial trial;
    int rows, inputs, outputs; /* rows: samples, times tokens */
    struct tensor *x[2], *dy[2], *weight, *bias;
    struct part part[RANKS]; /* of outputs or inputs */
    bool by_outputs;
};

static void open_numbers(struct numbers *numbers, const struct made *made, int number, int round)
{
    trial_make(&numbers->trial, trial_kind_named(made->kind), number, RANKS, 77);
    const struct trial *trial = &numbers->trial;
    numbers->inputs = shape_last(trial->whole.input);
    numbers->outputs = shape_last(trial->whole.output);
    numbers->rows = trial->samples * shape_count(trial->whole.input) / numbers->inputs;
    for (int i = 0; i < 2; i++) {
        numbers->x[i] = trial_x(trial, round, i);
        numbers->dy[i] = trial_dy(trial, round, i);
    }
    numbers->weight = trial_parameter(trial, round, 0);
    numbers->bias = trial->whole.parameters > 1 ? trial_parameter(trial, round, 1) : NULL;
    numbers->by_outputs = trial->form != FORM_ROW;
    for (int r = 0; r < RANKS; r++)
        numbers->part[r] =
            numbers->by_outputs ? trial_part(numbers->outputs, RANKS, r) : trial_inputs(trial, r);
}

static void close_numbers(struct numbers *numbers)
{
    for (int i = 0; i < 2; i++) {
        tensor_free(numbers->x[i]);
        tensor_free(numbers->dy[i]);
    }
    tensor_free(numbers->weight);
    tensor_free(numbers->bias);
    trial_clear(&numbers->trial);
}

/* ---- a linear layer, number by number ---------------------------------------------------------------- */

static double at(const struct tensor *tensor, int row, int columns, int column)
{
    return tensor_floats(tensor)[row * columns + column];
}

static double y_at(const struct numbers *n, int m, int row, int output, struct part inputs)
{
    double sum = 0;
    for (int i = inputs.begin; i < inputs.end; i++)
        sum += at(n->x[m], row, n->inputs, i) * at(n->weight, output, n->inputs, i);
    return sum;
}

static double dx_at(const struct numbers *n, int m, int row, int input, struct part outputs)
{
    double sum = 0;
    for (int o = outputs.begin; o < outputs.end; o++)
        sum += at(n->dy[m], row, n->outputs, o) * at(n->weight, o, n->inputs, input);
    return sum;
}

/* input -1: of the bias. */
static double gradient_at(const struct numbers *n, int i, int j, int output, int input)
{
    double sum = 0;
    for (int row = 0; row < n->rows; row++)
        sum += at(n->dy[j], row, n->outputs, output) *
               (input < 0 ? 1 : at(n->x[i], row, n->inputs, input));
    return sum;
}

static bool is_in(struct part part, int index)
{
    return index >= part.begin && index < part.end;
}

/* ---- what a rank stores ------------------------------------------------------------------------------- */

static double bias_of(const struct numbers *n, const struct made *made, bool here, int rank,
                      int column)
{
    if (n->bias == NULL)
        return 0;
    const float *bias = tensor_floats(n->bias);
    const int own = column - n->part[rank].begin;
    if (here && made->first_bias)
        return bias[own];
    double sum = 0;
    for (int s = 0; s < RANKS && here && made->all_biases; s++)
        sum += bias[n->part[s].begin + own];
    return here && made->all_biases ? sum : (here ? made->bias : 1) * bias[column];
}

/* A term of y, or of a split y its column that is as far from the begin of rank s's. */
static double y_of(const struct numbers *n, int s, int m, int row, int column, int rank)
{
    const struct part all = {0, n->inputs};
    if (!n->by_outputs)
        return y_at(n, m, row, column, n->part[s]);
    if (n->trial.form == FORM_COLUMN_GATHERED)
        return is_in(n->part[s], column) ? y_at(n, m, row, column, all) : 0;
    return y_at(n, m, row, column - n->part[rank].begin + n->part[s].begin, all);
}

static double dx_of(const struct numbers *n, int s, int m, int row, int column, int rank)
{
    const struct part all = {0, n->outputs};
    if (n->by_outputs)
        return dx_at(n, m, row, column, n->part[s]);
    return dx_at(n, m, row, column - n->part[rank].begin + n->part[s].begin, all);
}

typedef double term_function(const struct numbers *n, int s, int m, int row, int column, int rank);

/* split: each rank has its own columns; else it is a sum. */
static double shares_of(const struct numbers *n, const struct made *made, bool here, bool split,
                        term_function *term, int m, int row, int column, int rank)
{
    double sum = 0;
    for (int s = 0; s < RANKS; s++) {
        const double share = here ? made->share[rank][s] * (made->times != 0 ? made->times : 1)
                                  : !split || s == rank;
        if (share != 0)
            sum += share * term(n, s, m, row, column, rank);
    }
    return sum;
}

static void store(struct tensor_file *file, const struct numbers *n, const char *what,
                  struct shape whole, int dimension, struct part part, const float *values)
{
    g_autofree char *name = g_strdup_printf("layers.%d.%s", n->trial.number, what);
    const struct slice slice = slice_along(whole, dimension, part.begin, part.end);
    struct tensor *tensor =
        tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, slice_shape(&slice));
    memcpy(tensor->data, values, tensor_bytes(tensor));
    tensor_file_add_slice(file, name, tensor, name, &slice);
    tensor_free(tensor);
}

/* The numbers of a y that was gathered, in wrong places. */
static void misplace(const struct numbers *n, enum misplaced how, float *values)
{
    const int size = n->rows * n->outputs;
    g_autofree float *right = g_memdup2(values, (gsize)size * sizeof *right);
    for (int s = 0, next = 0; s < RANKS; s++)
        for (int row = 0; row < n->rows; row++)
            for (int o = n->part[s].begin; o < n->part[s].end; o++) {
                const int opposite = n->part[RANKS - 1 - s].begin + o - n->part[s].begin;
                values[how == ONE_BEHIND_THE_OTHER ? next++ : row * n->outputs + opposite] =
                    right[row * n->outputs + o];
            }
}

static void store_y_or_dx(struct tensor_file *file, const struct numbers *n,
                          const struct made *made, bool here, bool is_y, int rank)
{
    const bool split = is_y ? n->trial.form == FORM_COLUMN : !n->by_outputs;
    const int columns = is_y ? n->outputs : n->inputs;
    const struct part part = split ? n->part[rank] : (struct part){0, columns};
    const struct shape whole =
        shape_with_batch(n->trial.samples, is_y ? n->trial.whole.output : n->trial.whole.input);
    g_autofree float *values = g_new(float, n->rows *columns);
    for (int m = 0; m < 2; m++) {
        const int from = here && made->misplaced == OTHER_MICRO_BATCH ? 1 - m : m;
        const bool changed = here && made->misplaced != OTHER_MICRO_BATCH;
        int next = 0;
        for (int row = 0; row < n->rows; row++)
            for (int c = part.begin; c < part.end; c++)
                values[next++] = (float)(shares_of(n, made, changed, split, is_y ? y_of : dx_of,
                                                   from, row, c, rank) +
                                         (is_y ? bias_of(n, made, changed, rank, c) : 0));
        if (changed && made->misplaced != IN_PLACE)
            misplace(n, made->misplaced, values);
        g_autofree char *what = g_strdup_printf("%s.%d", is_y ? "y" : "dx", m);
        store(file, n, what, whole, whole.dimensions - 1, part, values);
    }
}

/* Of all ranks' slices, or their sum where made says so. */
static double gradient_of(const struct numbers *n, const struct made *made, bool here, int rank,
                          int output, int input)
{
    static const double right[2][2] = {{1, 0}, {0, 1}};
    const bool products = here && (made->product[0][0] != 0 || made->product[1][1] != 0 ||
                                   made->product[0][1] != 0 || made->product[1][0] != 0);
    const int begin = n->part[rank].begin;
    double sum = 0;
    for (int s = 0; s < RANKS; s++) {
        const bool slices = here && !products;
        const double share =
            slices ? made->share[rank][s] * (made->times != 0 ? made->times : 1) : s == rank;
        const int o = n->by_outputs ? output - begin + n->part[s].begin : output;
        const int i = n->by_outputs || input < 0 ? input : input - begin + n->part[s].begin;
        for (int a = 0; a < 2 && share != 0; a++)
            for (int b = 0; b < 2; b++)
                if ((products ? made->product : right)[a][b] != 0)
                    sum += share * (products ? made->product : right)[a][b] *
                           gradient_at(n, a, b, o, i);
    }
    return sum;
}

static void store_gradients(struct tensor_file *file, const struct numbers *n,
                            const struct made *made, bool here, int rank)
{
    const struct part outputs = n->by_outputs ? n->part[rank] : (struct part){0, n->outputs};
    const struct part inputs = n->by_outputs ? (struct part){0, n->inputs} : n->part[rank];
    g_autofree float *values = g_new(float, n->outputs * n->inputs);
    int next = 0;
    for (int o = outputs.begin; o < outputs.end; o++)
        for (int i = inputs.begin; i < inputs.end; i++)
            values[next++] =
                (float)gradient_of(n, made, here && made->tensor == WEIGHT_GRADIENT, rank, o, i);
    store(file, n, "weight.gradient", SHAPE(n->outputs, n->inputs), n->by_outputs ? 0 : 1,
          n->part[rank], values);
    const bool none = made->bias_gradient_on_rank_0 && rank > 0;
    for (int o = outputs.begin; o < outputs.end; o++)
        values[o - outputs.begin] =
            none ? 0
                 : (float)gradient_of(n, made, here && made->tensor == BIAS_GRADIENT, rank, o, -1);
    if (n->bias != NULL)
        store(file, n, "bias.gradient", SHAPE(n->outputs), 0, outputs, values);
}

static struct part slice_in(const struct numbers *n, enum slices slices, int rank)
{
    const int size = n->by_outputs ? n->outputs : n->inputs, least = size / RANKS;
    if (slices == EVERYTHING)
        return (struct part){0, size};
    if (slices == FIRST_SLICE)
        return n->part[0];
    if (slices == RIGHT_SLICES)
        return n->part[rank];
    if (slices == OTHER_RANKS)
        return n->part[RANKS - 1 - rank];
    const bool all = slices == LAST_HAS_THE_REST && rank == RANKS - 1;
    return (struct part){rank * least, all ? size : (rank + 1) * least};
}

static void store_parameters(struct tensor_file *file, const struct numbers *n, enum slices slices,
                             int rank)
{
    const struct part part = slice_in(n, slices, rank);
    const struct slice weight =
        slice_along(n->weight->shape, n->by_outputs ? 0 : 1, part.begin, part.end);
    struct tensor *own =
        tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, slice_shape(&weight));
    slice_copy_out(&weight, n->weight, own);
    store(file, n, "weight", n->weight->shape, n->by_outputs ? 0 : 1, part, tensor_floats(own));
    tensor_free(own);
    const struct part all = {0, n->outputs}, bias = n->by_outputs ? part : all;
    if (n->bias != NULL)
        store(file, n, "bias", n->bias->shape, 0, bias, tensor_floats(n->bias) + bias.begin);
}

static void write_file(const struct logged_run *run, const struct numbers *n,
                       const struct made *made, int round, int rank)
{
    char error[TENSOR_FILE_ERROR_SIZE];
    const bool here = n->trial.number == made->trial && round == 0;
    struct tensor_file *file = tensor_file_new();
    store_parameters(file, n, here ? made->slices : RIGHT_SLICES, rank);
    store_y_or_dx(file, n, made, here && made->tensor == Y, true, rank);
    if (n->trial.number > 0)
        store_y_or_dx(file, n, made, here && made->tensor == DX, false, rank);
    store_gradients(file, n, made, here, rank);
    g_autofree char *number = g_strdup_printf("%d", n->trial.number);
    g_autofree char *of_rank = g_strdup_printf("%d", rank);
    tensor_file_set_metadata(file, "rank", of_rank);
    tensor_file_set_metadata(file, "first_layer", number);
    tensor_file_set_metadata(file, "layers", "1");
    g_autofree char *path = g_strdup_printf("%s/rank-%d.stage-%d.after-%d.safetensors", run->folder,
                                            rank, n->trial.number, round);
    ck_assert_msg(tensor_file_write(file, path, error), "%s", error);
    tensor_file_free(file);
}

static void log_work(struct script *script, const struct numbers *n, const struct made *made,
                     int rank)
{
    const bool here = n->trial.number == made->trial && made->work != 0;
    const int part = n->part[rank].end - n->part[rank].begin;
    const double product =
        2.0 * n->rows * part * (n->by_outputs ? n->inputs : n->outputs) * (here ? made->work : 1);
    for (int m = 0; m < 2; m++)
        script_compute(script, LOG_FORWARD, n->trial.number, m, (uint64_t)product);
    for (int m = 0; m < 2; m++)
        script_compute(script, LOG_BACKWARD, n->trial.number, m,
                       (uint64_t)((n->trial.number > 0 ? 2 : 1) * product));
}

struct logged_run *made_run_of(const struct made *made)
{
    struct logged_run *run = logged_run_new(RANKS);
    const int trials = trial_kind_named(made->kind)->trials;
    run->outcome.options.seed = 77;
    g_strlcpy(run->outcome.options.probe, made->kind, sizeof run->outcome.options.probe);
    for (int rank = 0; rank < RANKS; rank++)
        for (int i = 0; i < trials; i++)
            script_put(&run->script[rank], log_record_of_stage((struct log_stage){
                                               .stage = i, .first_layer = i, .layers = 1}));
    for (int round = 0; round < TRIAL_ROUNDS; round++) {
        for (int rank = 0; rank < RANKS; rank++)
            script_step(&run->script[rank], LOG_STEP_BEGIN, round);
        for (int i = 0; i < trials; i++) {
            struct numbers numbers;
            open_numbers(&numbers, made, i, round);
            for (int rank = 0; rank < RANKS; rank++) {
                write_file(run, &numbers, made, round, rank);
                log_work(&run->script[rank], &numbers, made, rank);
            }
            close_numbers(&numbers);
        }
        for (int rank = 0; rank < RANKS; rank++)
            script_step(&run->script[rank], LOG_STEP_END, round);
    }
    logged_run_end(run);
    return run;
}
