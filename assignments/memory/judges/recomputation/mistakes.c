/* Known mistakes of recomputations; see manners.h. */
#include "assignments/memory/judges/recomputation/manners.h"

const struct manner manner_right = {.mistake = {.name = NULL}};

static const struct manner mistakes[] = {
    /* ---- numbers ---- */
    {.mistake = {"new random numbers when a forward is repeated",
                 "The gradients are those of a repetition whose dropouts drop other numbers than "
                 "the forward's "
                 "did: the loss was of one network, and the backward is of another.",
                 "the draw that the repetition is given: it has to be that of the forward, kept "
                 "until then"},
     .draws = DRAWS_AGAIN},
    {.mistake = {"the repetition draws without the forward's draw",
                 "The gradients are those of a repetition whose dropouts draw with 0, and not with "
                 "what the "
                 "forward drew with.",
                 "the draw that the repetition is given: it has to be that of the forward, kept "
                 "until then"},
     .draws = DRAWS_AGAIN_NONE},
    {.mistake =
         {"each segment draws anew",
          "The outputs are those of a forward in which each segment has a draw of its own. One "
          "draw of stage_next_draw is for the whole forward of a micro-batch: without "
          "recomputation there is only one.",
          "where stage_next_draw is called: once in recompute_forward"},
     .draws = DRAWS_EACH_SEGMENT},
    {.mistake = {"dropouts draw the same in every step",
                 "The outputs are those of dropouts that draw with 0 in each step.",
                 "the draw that stage_run_forward is given: stage_next_draw says it"},
     .draws = DRAWS_NONE},
    {.mistake = {"dropouts draw with the number of the micro-batch",
                 "The outputs are those of dropouts that draw with the number of the micro-batch, "
                 "which is "
                 "the same in each step.",
                 "the draw that stage_run_forward is given: stage_next_draw says it"},
     .draws = DRAWS_MICRO_BATCH},
    {.mistake = {"dropouts draw with the number of the segment",
                 "The outputs are those of dropouts that draw with the number of the segment, "
                 "which is the "
                 "same in each step.",
                 "the draw that stage_run_forward is given: stage_next_draw says it"},
     .draws = DRAWS_SEGMENT},
    {.mistake = {"running averages follow a repeated forward, too",
                 "Each micro-batch that is recomputed moves the running averages of the batch "
                 "norms twice: in "
                 "its forward, and when that is repeated. Gradients are right: training does not "
                 "look at them. An "
                 "evaluation does.",
                 "which enum stage_run the repetition is given: RUN_REPEATS"},
     .averages_twice = true},
    {.mistake = {"a segment is repeated with the input of the one before",
                 "The gradients are those of segments that are repeated with what entered the "
                 "segment before.",
                 "the place in recomputation->input, when it is written and when it is read"},
     .input_of_before = true},
    {.mistake = {"a micro-batch is repeated with the input of the one whose forward ran last",
                 "The gradients are those of segments that are repeated with what entered them in "
                 "the latest "
                 "forward: of several micro-batches in flight each has inputs of its own.",
                 "the place in recomputation->input: micro_batch * segments + segment"},
     .input_of_latest = true},
    {.mistake = {"the first segment has no backward",
                 "The gradients of the first segment's layers lack what its backward adds.",
                 "the last pass of the loop over the segments: segment 0 is one, too"},
     .first_stays = true},
    /* ---- operations and bytes ---- */
    {.mistake =
         {"nothing is recomputed",
          "No backward does more than it does without recomputation, and all that the layers "
          "need is kept between forward and backward.",
          "which enum stage_run the forward is given: RUN_FORGETS, and in the backward the "
          "repetition"},
     .when = WHEN_NEVER},
    {.mistake = {"the last micro-batch is kept, whatever is asked for",
                 "Operations and bytes are those of RECOMPUTE_ALL_BUT_LAST.",
                 "recomputation->when"},
     .when = WHEN_ALL_BUT_LAST},
    {.mistake = {"all micro-batches are recomputed, whatever is asked for",
                 "Operations and bytes are those of RECOMPUTE_ALWAYS.", "recomputation->when"},
     .when = WHEN_ALWAYS},
    {.mistake = {"the first micro-batch is kept, and not the last",
                 "Operations and bytes say that the first micro-batch is the one that is not "
                 "recomputed. It is "
                 "the last whose backward comes right behind its forward.",
                 "which number the last micro-batch has: recomputation->micro_batches - 1"},
     .when = WHEN_ALL_BUT_FIRST},
    {.mistake = {"only the last micro-batch is recomputed",
                 "Operations and bytes say that the last micro-batch is recomputed, and the others "
                 "are kept: it "
                 "is the other way round.",
                 "the condition in which recomputation->when is compared"},
     .when = WHEN_LAST},
    {.mistake = {"the last segment is kept, and not recomputed",
                 "Operations and bytes say that the last segment keeps all that its layers need. "
                 "What is to be "
                 "recomputed keeps nothing but the inputs of the segments.",
                 "whether the last segment is an exception"},
     .last_is_kept = true},
    {.mistake = {"all layers before a segment are repeated, too",
                 "Each segment is repeated from the first layer on, and not from its own input: "
                 "that is as many "
                 "operations as the square of the number of segments.",
                 "what the repetition of a segment begins with, and which layers it runs"},
     .repeats_from_first = true},
    {.mistake = {"each segment is repeated twice",
                 "Each segment runs forwards twice more, and once is enough.",
                 "how often stage_run_forward is called in recompute_backward"},
     .repeats_twice = true},
    {.mistake = {"segments of √L layers, rounded down",
                 "Bytes and operations are those of segments whose number of layers is the root "
                 "rounded down. It "
                 "is the whole number nearest to it.",
                 "how a root becomes a whole number: lround, not a cast"},
     .size = SIZE_DOWN},
    {.mistake = {"segments of √L layers, rounded up",
                 "Bytes and operations are those of segments whose number of layers is the root "
                 "rounded up. It is "
                 "the whole number nearest to it.",
                 "how a root becomes a whole number: lround"},
     .size = SIZE_UP},
    {.mistake = {"√L segments, not segments of √L layers",
                 "There are as many segments as the root says, as equal as can be. It is how many "
                 "layers each "
                 "has, and the last one may have fewer.",
                 "what the root is: a number of layers"},
     .size = SIZE_EQUAL},
    {.mistake = {"every layer is a segment, whatever is asked for",
                 "Bytes are those of segments of one layer each.", "by_root, in make_segments"},
     .size = SIZE_ONE},
    {.mistake = {"segments of √L layers, whatever is asked for",
                 "Bytes are those of segments of √L layers, where each layer should be one.",
                 "by_root, in make_segments"},
     .size = SIZE_ROOT},
    {.mistake =
         {"all layers are one segment",
          "Bytes are those of one segment of all layers: the backward needs all at once again.",
          "make_segments: where the next segment begins"},
     .size = SIZE_ALL},
    {.mistake =
         {"the inputs of all layers are kept",
          "Between forward and backward there is what entered each layer, and not only what "
          "entered "
          "each segment.",
          "what is put into recomputation->input, and that all layers of a segment run at once"},
     .keeps_all_inputs = true},
    {.mistake =
         {"the output of the repetition is never freed",
          "What the repeated forward of each segment returns is the caller's, and stays for ever.",
          "tensor_free, of what stage_run_forward returns in recompute_backward"},
     .y_leaks = true},
    {.mistake = {"the output of the repetition is there while the segment runs backwards",
                 "What the repeated forward returns nobody needs: it is freed behind the backward, "
                 "and should "
                 "be before.",
                 "when the output of the repetition is freed"},
     .y_stays = true},
    {.mistake = {"inputs of segments are never freed",
                 "stage_run_forward takes over one reference to x; there is one more of each "
                 "segment's input, "
                 "and nobody gives it back.",
                 "how many references there are to recomputation->input: who retains it, and who "
                 "frees it"},
     .input_leaks = true},
    {.mistake =
         {"the input of a segment is there until its backward is done",
          "The input of a segment is freed behind its backward: if the layers need it they keep it "
          "themselves.",
          "when recomputation->input is given to stage_run_forward for good"},
     .input_stays = true},
    {.mistake =
         {"the inputs of all segments are there until the last backward is done",
          "The inputs of the segments are freed together, when all have run backwards. Each can go "
          "when its segment was repeated.",
          "when recomputation->input is given to stage_run_forward for good"},
     .inputs_stay = true},
};

const struct manner *manner_mistakes(int *count)
{
    *count = (int)(sizeof mistakes / sizeof mistakes[0]);
    return mistakes;
}
