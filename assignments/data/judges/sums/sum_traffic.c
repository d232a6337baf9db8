/* What the ranks send each other in an all-reduce of their own; see sum_traffic.h. */
#include "assignments/data/judges/sums/sum_traffic.h"
#include "assignments/data/judges/sums/sums.h"

#include "grader/trace/call_place.h"
#include "grader/trace/match.h"

/* A message may be sent in so many pieces, so that what has come of it is passed on while the rest is under way. */
enum { MOST_PIECES = 16 };

/* ---- what there is to send ---------------------------------------------------------------------------- */

static long divided_up(long number, long by)
{
    return (number + by - 1) / by;
}

/* Each rank sends all chunks but one, twice; none has more numbers than count / p, rounded up. */
static struct sum_load load_of_ring(int p, int count)
{
    const long chunk = divided_up(count, p);
    return (struct sum_load){
        .least = 2 * (count - chunk), .most = 2 * (p - 1) * chunk, .messages = 2 * (p - 1)};
}

/* Half of what is left, then half of that, …; and the same back: of the p chunks all but one. Cut into halves again and
 * again, what a rank has complete may be small, and what it sends of it. Ranks beyond a power of two hand theirs to others
 * first, and get the sums last. */
static struct sum_load load_of_halving(int p, int count)
{
    int power = 1, steps = 0;
    for (; 2 * power <= p; power *= 2)
        steps++;
    const long chunk = divided_up(count, power);
    struct sum_load load = {
        .least = count - chunk, .most = 2 * (power - 1) * chunk, .messages = 2 * steps};
    if (power < p) {
        load.least = MIN(load.least, count / 2);
        load.most += 2 * count;
        load.messages += 4;
    }
    return load;
}

struct sum_load data_sum_load(enum sum sum, int p, int count)
{
    return sum == SUM_RING ? load_of_ring(p, count) : load_of_halving(p, count);
}

/* ---- what was sent ------------------------------------------------------------------------------------- */

/* Of one call on one rank. */
struct sent {
    uint64_t bytes;
    int messages;
    int stranger;                  /* a rank of the run that it should not send to; or -1 */
    enum log_operation collective; /* … which it should not call; 0: none */
    size_t record;                 /* of that */
};

/* Where a rank of the run is in the group; -1: it is none of it. */
static int place_of(const struct sum_group *group, int rank)
{
    for (int member = 0; member < group->ranks; member++)
        if (sum_member(group, member) == rank)
            return member;
    return -1;
}

/* May these two places of a group of p send to each other? */
static bool are_partners(enum sum sum, int p, int a, int b)
{
    if (b < 0)
        return false;
    if (sum == SUM_RING)
        return (a + 1) % p == b || (b + 1) % p == a;
    const int difference = a ^ b;
    const bool folds = (p & (p - 1)) != 0; /* who hands his to whom is his choice */
    return folds || (difference & (difference - 1)) == 0;
}

static void note_messages(const struct sum_results *all, const struct matching *matching,
                          struct sent *sent)
{
    for (int i = 0; i < matching->count; i++) {
        const struct message *message = &matching->message[i];
        const int call = message->send.step;
        if (message->send.posted == NO_RECORD || call < 0 || call >= SUM_CALLS)
            continue;
        const struct sum_result *result = data_sum_result_of(all, message->source, call);
        const struct sum_group *group = &result->one.group;
        struct sent *one = &sent[message->source * SUM_CALLS + call];
        one->bytes += message->send.bytes;
        one->messages++;
        if (one->stranger < 0 && !are_partners(all->sum, group->ranks, group->rank,
                                               place_of(group, message->destination)))
            one->stranger = message->destination;
    }
}

/* Making a communicator, and waiting for each other, add nothing up. */
static bool moves_data(enum log_operation operation)
{
    const enum log_operation form = log_blocking_form(operation);
    return log_is_collective(operation) && form != LOG_BARRIER &&
           !log_makes_communicator(operation);
}

static void note_collectives(const struct outcome *run, struct sent *sent)
{
    for (int rank = 0; rank < run->ranks; rank++) {
        const struct log_file *log = &run->log[rank];
        int step = -1;
        for (size_t i = 0; i < log->count; i++) {
            const struct log_record *record = &log->record[i];
            log_follow_step(record, &step);
            if (step < 0 || step >= SUM_CALLS || record->phase != LOG_BEGIN ||
                !moves_data(record->operation))
                continue;
            struct sent *one = &sent[rank * SUM_CALLS + step];
            if (one->collective == 0) {
                one->collective = record->operation;
                one->record = i;
            }
        }
    }
}

/* ---- known mistakes --------------------------------------------------------------------------------------- */

static const struct mistake whole_vectors = {
    "all numbers go all the way round",
    "Every rank sends all numbers p - 1 times. The sum is right, and takes p / 2 times as many "
    "bytes as it must: with chunks no rank sends much more than twice what there is, however many "
    "ranks there are.",
    "what is sent in a step: one of p chunks"};
static const struct mistake through_one_rank = {
    "everything goes through one rank",
    "One rank receives the numbers of all others and sends them the sum. It sends (p - 1) times "
    "all numbers, while the others wait for it.",
    "who adds up what: each rank its part"};
static const struct mistake in_each_step = {
    "all numbers are exchanged in each step",
    "Partners exchange all numbers, log2 p times. The sum is right, and takes log2 p / 2 times as "
    "many bytes as it must: in the first step a rank gives half of the numbers away and keeps the "
    "other half, in the second one half of that.",
    "what each rank gives, and what it keeps"};
const struct mistake data_sum_by_collective = {
    "a collective of MPI's adds up",
    "The function is to be made of messages between two ranks at a time, and calls one of MPI's "
    "collectives.",
    "MPI_Sendrecv, or MPI_Isend and MPI_Irecv"};
/* Of a call in which too much is sent. */
static const struct mistake *mistake_of(const struct sum_results *all, const struct sent *sent,
                                        int call)
{
    int whole = 0, others = 0, one = 0, each = 0;
    for (int rank = 0; rank < all->ranks; rank++) {
        const struct sum_result *result = data_sum_result_of(all, rank, call);
        const uint64_t bytes = sent[rank * SUM_CALLS + call].bytes;
        const uint64_t numbers = (uint64_t)result->one.count * sizeof(float);
        whole += bytes == numbers * (uint64_t)(result->one.group.ranks - 1);
        one += bytes == numbers * (uint64_t)(result->one.group.ranks - 1) &&
               result->one.group.ranks > 2;
        others += bytes == numbers;
        each +=
            2 * bytes ==
            numbers *
                (uint64_t)data_sum_load(SUM_HALVING_DOUBLING, result->one.group.ranks, 0).messages;
    }
    if (all->sum == SUM_HALVING_DOUBLING && each == all->ranks)
        return &in_each_step;
    if (whole == all->ranks)
        return &whole_vectors;
    return one > 0 && one + others == all->ranks ? &through_one_rank : NULL;
}

/* ---- is it what it should be? ----------------------------------------------------------------------------- */

static bool fail_amount(const struct sum_results *all, const struct sent *sent, int rank, int call,
                        const struct sum_load *load, struct verdict *verdict)
{
    const struct sum_result *result = data_sum_result_of(all, rank, call);
    const struct sent *own = &sent[rank * SUM_CALLS + call];
    g_autofree char *text = data_sum_text(all, &result->one);
    const long numbers = (long)(own->bytes / sizeof(float));
    const bool less = numbers < load->least;
    const struct mistake *mistake = numbers > load->most ? mistake_of(all, sent, call) : NULL;
    evidence_fail(verdict,
                  "%s: rank %d sends %.0f bytes in %d messages: it takes %s %ld bytes, in %d "
                  "messages or pieces of them",
                  text, rank, (double)own->bytes, own->messages, less ? "at least" : "at most",
                  (less ? load->least : load->most) * (long)sizeof(float), load->messages);
    verdict->basis = BASIS_AMOUNT;
    if (mistake)
        verdict_name_mistake(verdict, mistake);
    return false;
}

static bool judge_one(const struct outcome *run, const struct sum_results *all,
                      const struct sent *sent, int rank, int call, struct verdict *verdict)
{
    const struct sum_result *result = data_sum_result_of(all, rank, call);
    const struct sent *own = &sent[rank * SUM_CALLS + call];
    const struct sum_load load =
        data_sum_load(all->sum, result->one.group.ranks, result->one.count);
    const long numbers = (long)(own->bytes / sizeof(float));
    if (own->collective != 0) {
        g_autofree char *text = data_sum_text(all, &result->one);
        g_autoptr(GString) place = g_string_new(NULL);
        call_place_name(run->program, &run->log[rank].record[own->record], place);
        evidence_fail(verdict, "%s: rank %d calls %s", text, rank, place->str);
        verdict_name_mistake(verdict, &data_sum_by_collective);
        return false;
    }
    if (numbers > load.most || own->messages > MOST_PIECES * load.messages)
        return fail_amount(all, sent, rank, call, &load, verdict);
    if (own->stranger >= 0) {
        g_autofree char *text = data_sum_text(all, &result->one);
        evidence_fail(verdict, "%s: rank %d sends to rank %d, which is not %s", text, rank,
                      own->stranger,
                      all->sum == SUM_RING ? "beside it in the ring"
                                           : "a power of two away (rank ^ distance)");
        return false;
    }
    return numbers >= load.least || fail_amount(all, sent, rank, call, &load, verdict);
}

static bool all_received(const struct sum_results *all, const struct matching *matching,
                         struct verdict *verdict)
{
    for (int i = 0; i < matching->count; i++) {
        const struct message *message = &matching->message[i];
        const int call = message->send.step;
        if (message->send.posted == NO_RECORD || message->receive.posted != NO_RECORD || call < 0 ||
            call >= SUM_CALLS)
            continue;
        g_autofree char *text =
            data_sum_text(all, &data_sum_result_of(all, message->source, call)->one);
        evidence_fail(
            verdict,
            "%s: a message of %.0f bytes from rank %d to rank %d (tag %d) is never received", text,
            (double)message->send.bytes, message->source, message->destination, message->tag);
        verdict_look(verdict, "whether each rank receives as often as the others send to it");
        return false;
    }
    return true;
}

bool data_sum_traffic(const struct outcome *run, const struct sum_results *all,
                      struct verdict *verdict)
{
    struct matching *matching = matching_new(run->log, run->ranks);
    g_autofree struct sent *sent = g_new0(struct sent, run->ranks * SUM_CALLS);
    for (int i = 0; i < run->ranks * SUM_CALLS; i++)
        sent[i].stranger = -1;
    note_messages(all, matching, sent);
    note_collectives(run, sent);
    bool right = all_received(all, matching, verdict);
    /* Of the long ones first: there the numbers say more. */
    for (int i = SUM_CALLS; i-- > 0 && right;)
        for (int rank = 0; rank < run->ranks && right; rank++)
            if (data_sum_result_of(all, rank, i)->done)
                right = judge_one(run, all, sent, rank, i, verdict);
    matching_free(matching);
    return right;
}
