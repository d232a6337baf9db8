/*
 * Known mistakes of recomputations that the kit stops: which, its last words tell.
 */
#include "assignments/memory/judges/recomputation/recompute.h"
#include "assignments/memory/options.h"
#include "grader/diagnosis/scene.h"

#include <string.h>

static const struct stopped {
    const char *words[2]; /* of one message */
    struct mistake mistake;
} stops[] = {
    {{"a layer's backward without its forward", ""},
     {"what was forgotten is not computed again",
      "A layer runs backwards and has nothing of its forward: what was forgotten there "
      "(RUN_FORGETS) has to be "
      "computed again before, from the input of the segment.",
      "recompute_backward: stage_run_forward with RUN_REPEATS comes before stage_run_backward, for "
      "the same "
      "layers"}},
    {{"asked to keep what it still keeps", ""},
     {"all is kept, and computed again nevertheless",
      "A layer that is repeated still has what its forward kept: the forward of what is to be "
      "recomputed "
      "forgets (RUN_FORGETS).",
      "which enum stage_run the forward is given"}},
    {{"stage_run_forward", "x is NULL"},
     {"the inputs of one micro-batch take the place of another one's",
      "What a segment is to be repeated with is not there: another micro-batch, or another "
      "segment, was given its "
      "place.",
      "the place in recomputation->input, when it is written and when it is read: micro_batch * "
      "segments + "
      "segment"}},
};

static bool recomputes(const struct outcome *run)
{
    const struct memory_options own = memory_options(&run->options);
    return run->options.probe[0] == '\0' &&
           (own.recompute == RECOMPUTE_WAY_LAYERS || own.recompute == RECOMPUTE_WAY_SEGMENTS);
}

const struct mistake *memory_recompute_mistake_of_hang(const struct diagnosis *diagnosis,
                                                       GString *cause)
{
    (void)cause;
    const struct outcome *run = diagnosis->scene->outcome;
    if (diagnosis->kind != DIAGNOSIS_STOPPED_ITSELF || !recomputes(run) || !run->words)
        return NULL;
    for (int rank = 0; rank < run->ranks; rank++)
        for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++)
            if (run->words[rank].kind == LAST_WORDS_MESSAGE &&
                strstr(run->words[rank].text, stops[i].words[0]) &&
                strstr(run->words[rank].text, stops[i].words[1]))
                return &stops[i].mistake;
    return NULL;
}
