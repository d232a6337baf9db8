/* The rule of dynamic loss scaling, and others that somebody may follow in its place; see mixed_scales.h. */
#include "assignments/memory/judges/mixed/mixed_scales.h"
#include "assignments/memory/options.h"

/* What a rule does with the scale, and with its counter of good steps. */
struct rule {
    double at_overflow;   /* the scale is multiplied by it */
    double at_window;     /* likewise, when the window is full */
    int later;            /* the window is full so many steps later */
    bool overflow_counts; /* a skipped step is counted as a good one … */
    bool overflow_resets; /* … or sets the counter to 0 */
    bool window_resets;   /* so does a full window */
    struct mistake mistake;
};

static const struct rule rules[] = {
    {0.5, 2, 0, false, true, true, {NULL, NULL, NULL}},
    {1,
     2,
     0,
     false,
     true,
     true,
     {"the loss scale is not halved after an overflow",
      "With the same scale the next step overflows, too: nothing is ever trained again.",
      "update_loss_scale: what `finite` says"}},
    {2,
     2,
     0,
     false,
     true,
     true,
     {"an overflow doubles the loss scale",
      "What overflowed overflows the more with twice the scale.",
      "update_loss_scale: what `finite` says"}},
    {0.5,
     1,
     0,
     false,
     true,
     true,
     {"the loss scale never grows again",
      "After so many good steps there is room for twice the scale, and small gradients want it: "
      "each overflow halves it, and "
      "nothing ever undoes that.",
      "update_loss_scale: what happens after zero->scale_window good steps"}},
    {0.5,
     2,
     1,
     false,
     true,
     true,
     {"the window is counted wrongly",
      "The scale is doubled one step behind the window's last good step.",
      "update_loss_scale: what zero->good_steps is when it is compared"}},
    {0.5,
     2,
     -1,
     false,
     true,
     true,
     {"the window is counted wrongly",
      "The scale is doubled one step before the window's last good step.",
      "update_loss_scale: what zero->good_steps is when it is compared"}},
    {0.5,
     2,
     0,
     false,
     false,
     true,
     {"the counter of good steps is not reset at an overflow",
      "Good steps before an overflow were counted together with those behind it: the scale is "
      "doubled too soon, and "
      "overflows again.",
      "update_loss_scale: what zero->good_steps is after a step that was skipped"}},
    {0.5,
     2,
     0,
     true,
     false,
     true,
     {"skipped steps count as good ones",
      "The window is full too soon: a step that overflowed was counted in it.",
      "update_loss_scale: which steps zero->good_steps counts"}},
    {0.5,
     2,
     0,
     false,
     true,
     false,
     {"the counter of good steps is not reset when the scale is doubled",
      "Once the window was full each good step doubles the scale again, until gradients overflow; "
      "or it never grows again, "
      "where the counter is compared with `==`.",
      "update_loss_scale: what zero->good_steps is after the scale was doubled"}},
};

static const struct mistake never_multiplied = {
    .name = "the loss is not multiplied by the scale",
    .explanation = "The backward begins with a scale of 1: small gradients become 0 in float16.",
    .look = "by what batch_loss_backward is told to multiply",
};

struct state {
    double scale;
    int good;
};

static struct state next(const struct rule *rule, struct state state, int window, bool taken)
{
    if (!taken) {
        state.scale *= rule->at_overflow;
        state.good = rule->overflow_resets ? 0 : state.good + rule->overflow_counts;
    } else if (++state.good >= window + rule->later) {
        state.scale *= rule->at_window;
        state.good = rule->window_resets ? 0 : state.good;
    }
    return state;
}

/* The first step whose scale is another than by the rule; -1: none. by_rule: what it says of each step. */
static int first_off(const struct outcome *run, const struct rule *rule,
                     const struct mixed_scales *scales, struct state *by_rule)
{
    const struct memory_options own = memory_options(&run->options);
    struct state state = {own.loss_scale, 0};
    for (int step = 0; step < scales->steps; step++) {
        by_rule[step] = state;
        if (!mixed_scales_are_near(scales->scale[step], state.scale))
            return step;
        state = next(rule, state, own.scale_window, scales->taken[step]);
    }
    return -1;
}

/* The one other rule, by name, that all steps follow. */
static const struct mistake *mistake_of(const struct outcome *run,
                                        const struct mixed_scales *scales)
{
    g_autofree struct state *by_rule = g_new(struct state, scales->steps);
    const struct mistake *mistake = NULL;
    bool is_one = true;
    for (int step = 0; step < scales->steps; step++)
        is_one = is_one && mixed_scales_are_near(scales->scale[step], 1);
    for (size_t i = 1; i < G_N_ELEMENTS(rules); i++) {
        if (first_off(run, &rules[i], scales, by_rule) >= 0)
            continue;
        if (mistake && !g_str_equal(mistake->name, rules[i].mistake.name))
            return NULL;
        mistake = &rules[i].mistake;
    }
    return is_one ? &never_multiplied : mistake;
}

bool mixed_scales_follow_the_rule(const struct outcome *run, struct mixed_scales *scales,
                                  struct verdict *verdict)
{
    const int window = memory_options(&run->options).scale_window;
    g_autofree struct state *due = g_new0(struct state, scales->steps);
    const int step = first_off(run, &rules[0], scales, due);
    for (int i = 0; i < scales->steps && step < 0; i++)
        scales->scale[i] = due[i].scale;
    if (step < 0)
        return true;
    if (step == 0)
        evidence_fail(verdict,
                      "the loss scale of the first step is %.10g, and --loss-scale says %.10g",
                      scales->scale[0], due[0].scale);
    else if (!scales->taken[step - 1])
        evidence_fail(
            verdict,
            "step %d was skipped with a loss scale of %.10g, and the next one has %.10g, not %.10g",
            step - 1, scales->scale[step - 1], scales->scale[step], due[step].scale);
    else
        evidence_fail(
            verdict,
            "step %d was good step %d in a row with a loss scale of %.10g, of a window of %d: the "
            "next one has %.10g, not %.10g",
            step - 1, due[step - 1].good + 1, scales->scale[step - 1], window, scales->scale[step],
            due[step].scale);
    const struct mistake *mistake = mistake_of(run, scales);
    if (mistake)
        verdict_name_mistake(verdict, mistake);
    return false;
}
