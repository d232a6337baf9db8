/* Which samples each rank had; see shares.h. */
#include "grader/evidence/shares.h"

#include "common/files/dataset.h"
#include "common/log/log_fields.h"
#include "common/training/share.h"

#include <math.h>
#include <string.h>

#define LOSS_TOLERANCE 1e-5 /* between ranks that have the same samples */

struct step_shares {
    struct rank_share *of; /* each rank's */
    int *batch;            /* NULL: not assembled, or not to be */
    int count;
};

struct shares {
    int ranks;
    GArray *steps; /* of struct step_shares */
};

static struct step_shares *step_at(const struct shares *shares, int step)
{
    return &g_array_index(shares->steps, struct step_shares, step);
}

/* ---- reading -------------------------------------------------------------------------------------- */

/* What a rank has said since the last step began. */
struct reader {
    int rank, step;
    int most;    /* samples of a batch */
    int samples; /* of the data set */
    bool open;   /* it has begun to say */
    struct rank_share share;
    int read; /* of share.count */
};

static bool refuse(const struct reader *reader, const char *what, struct verdict *verdict)
{
    evidence_fail(verdict, "rank %d, in front of step %d: %s which samples it works on",
                  reader->rank, reader->step, what);
    return false;
}

static bool are_there(const struct log_samples *samples, int there)
{
    for (int i = 0; i < samples->count; i++)
        if (samples->number[i] < 0 || samples->number[i] >= there)
            return false;
    return true;
}

static bool take(struct reader *reader, const struct log_samples *samples, struct verdict *verdict)
{
    if (!are_there(samples, reader->samples))
        return refuse(reader, "its log names samples that the data set has not, where it says",
                      verdict);
    if (!reader->open) {
        if (samples->all < 0 || samples->all > reader->most || samples->place < 0 ||
            samples->place > reader->most - samples->all)
            return refuse(reader, "its log says nonsense about", verdict);
        reader->share = (struct rank_share){.place = samples->place,
                                            .count = samples->all,
                                            .sample = g_new(int, (gsize)samples->all + 1)};
        reader->open = true;
        reader->read = 0;
    }
    if (samples->first != reader->read || samples->all != reader->share.count ||
        samples->place != reader->share.place || samples->count > samples->all - reader->read)
        return refuse(reader, "its log contradicts itself about", verdict);
    memcpy(reader->share.sample + reader->read, samples->number,
           (gsize)samples->count * sizeof(int));
    reader->read += samples->count;
    return true;
}

static void close_step(struct reader *reader, struct shares *shares)
{
    if ((guint)reader->step == shares->steps->len) {
        const struct step_shares none = {.of = g_new0(struct rank_share, shares->ranks)};
        g_array_append_val(shares->steps, none);
    }
    step_at(shares, reader->step)->of[reader->rank] = reader->share;
    reader->share.sample = NULL;
    reader->open = false;
    reader->step++;
}

/* How many samples there are; of a data set that is not here nobody knows. */
static int samples_of(const struct options *options)
{
    char error[DATASET_ERROR_SIZE];
    const int samples = options->device == DEVICE_META
                            ? options->batch_size
                            : dataset_count(options->dataset, DATASET_TRAIN, error);
    return samples < 0 ? INT_MAX : samples;
}

static bool read_rank(const struct outcome *run, int rank, struct shares *shares,
                      struct verdict *verdict)
{
    const struct log_file *log = &run->log[rank];
    struct reader reader = {
        .rank = rank, .most = run->options.batch_size, .samples = samples_of(&run->options)};
    bool right = true;
    for (size_t i = 0; right && i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        const struct log_samples samples = log_samples(record);
        const bool begins = record->operation == LOG_STEP_BEGIN;
        if (record->operation == LOG_SAMPLES)
            right = take(&reader, &samples, verdict);
        else if (begins && (!reader.open || reader.read != reader.share.count))
            right = refuse(&reader, "it does not say", verdict);
        else if (begins && rank > 0 && (guint)reader.step >= shares->steps->len)
            right = refuse(&reader, "no other rank says", verdict);
        else if (begins)
            close_step(&reader, shares);
    }
    g_free(reader.share.sample);
    if (right && (guint)reader.step != shares->steps->len)
        return refuse(&reader, "it does not say", verdict);
    return right;
}

struct shares *shares_read(const struct outcome *run, struct verdict *verdict)
{
    struct shares *shares = g_new0(struct shares, 1);
    shares->ranks = run->ranks;
    shares->steps = g_array_new(FALSE, TRUE, sizeof(struct step_shares));
    for (int rank = 0; rank < run->ranks; rank++)
        if (!read_rank(run, rank, shares, verdict)) {
            shares_free(shares);
            return NULL;
        }
    return shares;
}

void shares_free(struct shares *shares)
{
    if (!shares)
        return;
    for (int step = 0; step < shares_steps(shares); step++) {
        for (int rank = 0; rank < shares->ranks; rank++)
            g_free(step_at(shares, step)->of[rank].sample);
        g_free(step_at(shares, step)->of);
        g_free(step_at(shares, step)->batch);
    }
    g_array_unref(shares->steps);
    g_free(shares);
}

int shares_steps(const struct shares *shares)
{
    return (int)shares->steps->len;
}

int shares_ranks(const struct shares *shares)
{
    return shares->ranks;
}

const struct rank_share *shares_of(const struct shares *shares, int step, int rank)
{
    return &step_at(shares, step)->of[rank];
}

/* ---- the whole batch ------------------------------------------------------------------------------- */

/* Puts a rank's share to its place. False: another rank has other samples there. */
static bool put(int *batch, int *holder, const struct rank_share *share, int rank, int step,
                GString *why)
{
    for (int i = 0; i < share->count; i++) {
        const int place = share->place + i;
        if (holder[place] >= 0 && batch[place] != share->sample[i]) {
            g_string_append_printf(why,
                                   "in step %d ranks %d and %d say that place %d of the batch is "
                                   "theirs, with samples %d and %d",
                                   step, holder[place], rank, place, batch[place],
                                   share->sample[i]);
            return false;
        }
        batch[place] = share->sample[i];
        holder[place] = rank;
    }
    return true;
}

const int *shares_assemble(struct shares *shares, int step, int *count, GString *why)
{
    struct step_shares *own = step_at(shares, step);
    int whole = 0;
    for (int rank = 0; rank < shares->ranks; rank++)
        whole = MAX(whole, own->of[rank].place + own->of[rank].count);
    g_autofree int *holder = g_new(int, (gsize)whole + 1);
    int *batch = g_new(int, (gsize)whole + 1);
    memset(holder, -1, ((gsize)whole + 1) * sizeof *holder);
    bool right = true;
    for (int rank = 0; right && rank < shares->ranks; rank++)
        right = put(batch, holder, &own->of[rank], rank, step, why);
    for (int place = 0; right && place < whole; place++)
        if (holder[place] < 0) {
            g_string_append_printf(why, "in step %d place %d of the batch is no rank's", step,
                                   place);
            right = false;
        }
    g_free(own->batch);
    own->batch = right ? batch : NULL;
    own->count = right ? whole : 0;
    if (!right)
        g_free(batch);
    *count = own->count;
    return own->batch;
}

const int *shares_batch(const struct shares *shares, int step, int *count)
{
    static const int none;
    const bool there = step < shares_steps(shares) && step_at(shares, step)->batch;
    *count = there ? step_at(shares, step)->count : 0;
    return there ? step_at(shares, step)->batch : &none;
}

/* ---- losses ------------------------------------------------------------------------------------------- */

/* A rank states the loss of a micro-batch: it is that of each sample in it, by their places in the whole batch.
 * Infinite: it has stated two, or another rank states another. */
static void tell(const struct rank_share *share, int micro_batches, int part, double loss,
                 double *of, guint8 *times)
{
    const int parts = MIN(micro_batches, share->count);
    if (part < 0 || part >= parts)
        return;
    const int begin = share->place + share_begin(share->count, parts, part);
    for (int i = 0; i < share_size(share->count, parts, part); i++) {
        const double before = of[begin + i];
        const bool alike = isnan(before) || fabs(before - loss) <= LOSS_TOLERANCE * fabs(before);
        of[begin + i] = times[begin + i] > 0 || !alike ? INFINITY : loss;
        times[begin + i] = 1;
    }
}

static double mean(const double *of, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += of[i];
    return count > 0 && isfinite(sum) ? sum / count : NAN;
}

void shares_losses(const struct shares *shares, const struct outcome *run, int micro_batches,
                   int steps, double *loss)
{
    const gsize batch = (gsize)run->options.batch_size;
    g_autofree double *of = g_new(double, (gsize)steps *batch);
    for (gsize i = 0; i < (gsize)steps * batch; i++)
        of[i] = NAN;
    for (int rank = 0; rank < run->ranks; rank++) {
        const struct log_file *log = &run->log[rank];
        g_autofree guint8 *times = g_new0(guint8, (gsize)steps * batch);
        int step = -1;
        for (size_t i = 0; i < log->count; i++) {
            const struct log_record *record = &log->record[i];
            log_follow_step(record, &step);
            if (record->operation == LOG_LOSS && step >= 0 && step < steps &&
                step < shares_steps(shares))
                tell(shares_of(shares, step, rank), micro_batches, record->micro_batch,
                     log_loss(record), of + (gsize)step * batch, times + (gsize)step * batch);
        }
    }
    for (int step = 0; step < steps; step++) {
        int count;
        shares_batch(shares, step, &count);
        loss[step] = mean(of + (gsize)step * batch, count);
    }
}
