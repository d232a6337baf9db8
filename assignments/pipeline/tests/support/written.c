/* Runs from written orders; see written.h. */
#include "assignments/pipeline/tests/support/written.h"

#include "assignments/pipeline/options.h"
#include "assignments/pipeline/tests/support/made_run.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODEL "--model mlp:depth=4,width=8 --data synthetic:height=8,width=8 --seed 5 --steps 1 "

struct written *written_new(const char *options, int ranks)
{
    struct written *run = g_new0(struct written, 1);
    run->script = g_new(struct script, ranks);
    run->outcome = (struct outcome){.ranks = ranks,
                                    .end = RUN_FINISHED,
                                    .folder = "/no/such/folder",
                                    .command = "(the command)",
                                    .log = run->log,
                                    .log_error = run->log_error};
    g_autofree char *all = g_strconcat(MODEL, options, NULL);
    run->outcome.options = made_options(all);
    for (int r = 0; r < ranks; r++) {
        script_init(&run->script[r], r, ranks);
        script_step(&run->script[r], LOG_STEP_BEGIN, 0);
    }
    return run;
}

void written_free(struct written *run)
{
    for (int r = 0; r < run->outcome.ranks; r++)
        free(run->script[r].log.record);
    g_free(run->script);
    g_free(run);
}

void written_end(struct written *run)
{
    for (int r = 0; r < run->outcome.ranks; r++) {
        script_step(&run->script[r], LOG_STEP_END, 0);
        script_final(&run->script[r]);
        run->log[r] = run->script[r].log;
        run->log[r].seed = run->outcome.options.seed;
    }
}

void written_compute(struct written *run, int r, char kind, int micro_batch, int stage,
                     bool messages)
{
    struct script *builder = &run->script[r];
    int p = run->outcome.ranks, stages = p;
    stages *= MAX(1, pipeline_options(&run->outcome.options).chunks);
    bool forward = kind == 'F';
    int from = forward ? stage - 1 : stage + 1, to = forward ? stage + 1 : stage - 1;
    int tag = 1000 * micro_batch + (forward ? 0 : 500), own = tag + stage;
    static const struct {
        char kind;
        enum log_operation operation;
        uint64_t cost;
    } kinds[] = {{'F', LOG_FORWARD, WRITTEN_F_COST},
                 {'B', LOG_BACKWARD, WRITTEN_I_COST + WRITTEN_W_COST},
                 {'I', LOG_BACKWARD_INPUT, WRITTEN_I_COST},
                 {'W', LOG_BACKWARD_WEIGHT, WRITTEN_W_COST},
                 {'s', LOG_OPTIMIZER_STEP, 0}};
    int k = 0;
    while (kinds[k].kind != kind)
        k++;
    messages = messages && kind != 'W' && kind != 's';
    if (messages && from >= 0 && from < stages)
        script_call(builder, LOG_RECV, from % p, own, 64, true);
    script_compute(builder, kinds[k].operation, kind == 's' ? r : stage,
                   kind == 's' ? -1 : micro_batch, kinds[k].cost);
    if (messages && to >= 0 && to < stages)
        script_wait(builder, script_isend(builder, to % p, tag + to, 64));
}

void written_line(struct written *run, int r, const char *line, bool messages)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    for (char **word = words; *word; word++) {
        int micro_batch = -1, stage = r;
        if (**word != 's' && sscanf(*word + 1, "%d.%d", &micro_batch, &stage) < 1)
            ck_abort_msg("%s", *word);
        written_compute(run, r, **word, micro_batch, stage, messages);
    }
}

struct written *written_run(const char *options, int ranks, const char *const *line)
{
    struct written *run = written_new(options, ranks);
    for (int r = 0; r < ranks; r++)
        written_line(run, r, line[r], true);
    written_end(run);
    return run;
}

struct written *written_schedule(const char *options, struct schedule *schedule, bool stages)
{
    struct written *run = written_new(options, schedule->ranks);
    for (int r = 0; r < schedule->ranks; r++) {
        g_autofree char *text = schedule_text(schedule, r, stages, 1 << 20);
        written_line(run, r, text, true);
    }
    written_end(run);
    schedule_free(schedule);
    return run;
}

void written_expect(judge_function *judge, const struct written *run, enum verdict_kind kind,
                    const char *says, const char *mistake)
{
    struct judgement judgement = {
        .outcome = &run->outcome, .outcomes = 1, .waits = run->messages_are_judged};
    struct verdict *verdict = verdict_new();
    judge(&judgement, verdict);
    ck_assert_msg(verdict->kind == kind, "%s\n%s", verdict->headline->str,
                  verdict->explanation->str);
    ck_assert_msg(!says || strstr(verdict->headline->str, says), "\"%s\" is not in \"%s\"", says,
                  verdict->headline->str);
    ck_assert_msg(!mistake || !strcmp(verdict->mistake->str, mistake), "\"%s\", not \"%s\": %s",
                  verdict->mistake->str, mistake, verdict->headline->str);
    verdict_free(verdict);
}

void written_set_clocks(struct written *run, double factor)
{
    struct replay *replay =
        replay_run(run->log, run->outcome.ranks, NULL, (struct replay_options){.optimizer = true});
    struct schedule *schedule = schedule_of_replay(replay);
    struct replay *truth = schedule_run(schedule);
    for (int r = 0; r < run->outcome.ranks; r++) {
        int k = 0;
        double now = 12345;
        for (size_t i = 0; i < run->log[r].count; i++) {
            struct log_record *record = &run->log[r].record[i];
            bool computes =
                record->operation >= LOG_FORWARD && record->operation <= LOG_OPTIMIZER_STEP;
            if (computes && record->phase == LOG_BEGIN)
                now = 12345 + factor * truth->rank[r].interval[k].begin;
            else if (computes)
                now = 12345 + factor * truth->rank[r].interval[k++].end;
            record->clock = (uint64_t)now;
        }
        /* Time passes inside of calls, not behind them. */
        for (size_t i = run->log[r].count - 1; i-- > 0;) {
            struct log_record *record = &run->log[r].record[i];
            if (record->phase == LOG_END && record->operation >= LOG_SEND)
                record->clock = record[1].clock;
        }
    }
    replay_free(replay);
    replay_free(truth);
    schedule_free(schedule);
    run->outcome.simulated = true;
}
