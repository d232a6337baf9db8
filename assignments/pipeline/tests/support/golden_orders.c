/* Right orders; see golden_orders.h. */
#include "assignments/pipeline/tests/support/golden_orders.h"

#include "assignments/pipeline/tests/support/written.h"

const struct golden_order golden_orders[GOLDEN_ORDERS] = {
    [GOLDEN_AFAB] = {WRITTEN_AFAB,
                     {"F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
                      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
                      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
                      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7"}},
    [GOLDEN_AFAB_BACKWARDS] = {WRITTEN_AFAB,
                               {"F0 F1 F2 F3 F4 F5 F6 F7 B7 B6 B5 B4 B3 B2 B1 B0",
                                "F0 F1 F2 F3 F4 F5 F6 F7 B7 B6 B5 B4 B3 B2 B1 B0",
                                "F0 F1 F2 F3 F4 F5 F6 F7 B7 B6 B5 B4 B3 B2 B1 B0",
                                "F0 F1 F2 F3 F4 F5 F6 F7 B7 B6 B5 B4 B3 B2 B1 B0"}},
    [GOLDEN_1F1B] = {WRITTEN_1F1B,
                     {"F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7",
                      "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
                      "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
                      "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7"}},
    [GOLDEN_1F1B_NUMBERS] = {WRITTEN_1F1B,
                             {"F5 F2 F7 F0 B5 F1 B2 F3 B7 F6 B0 F4 B1 B3 B6 B4",
                              "F5 F2 F7 B5 F0 B2 F1 B7 F3 B0 F6 B1 F4 B3 B6 B4",
                              "F5 F2 B5 F7 B2 F0 B7 F1 B0 F3 B1 F6 B3 F4 B6 B4",
                              "F5 B5 F2 B2 F7 B7 F0 B0 F1 B1 F3 B3 F6 B6 F4 B4"}},
    [GOLDEN_1F1B_HALVES] =
        {WRITTEN_1F1B,
         {"F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7",
          "F0 F1 F2 I0 W0 F3 I1 W1 F4 I2 W2 F5 I3 W3 F6 I4 W4 F7 I5 W5 I6 W6 I7 W7",
          "F0 F1 I0 W0 F2 I1 W1 F3 I2 W2 F4 I3 W3 F5 I4 W4 F6 I5 W5 F7 I6 W6 I7 W7",
          "F0 I0 W0 F1 I1 W1 F2 I2 W2 F3 I3 W3 F4 I4 W4 F5 I5 W5 F6 I6 W6 F7 I7 W7"}},
    [GOLDEN_BOUNDED_1F1B] = {WRITTEN_BOUNDED,
                             {"F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7",
                              "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
                              "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
                              "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7"}},
    [GOLDEN_BOUNDED_GROUPS] = {WRITTEN_BOUNDED,
                               {"F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7",
                                "F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7",
                                "F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7",
                                "F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7"}},
    [GOLDEN_INTERLEAVED] =
        {WRITTEN_INTERLEAVED,
         {"F0.0 F1.0 F2.0 F3.0 F0.4 F1.4 F2.4 F3.4 F4.0 F5.0 F6.0 B0.4 F7.0 B1.4 F4.4 B2.4 "
          "F5.4 B3.4 F6.4 B0.0 F7.4 B1.0 B2.0 B3.0 B4.4 B5.4 B6.4 B7.4 B4.0 B5.0 B6.0 B7.0",
          "F0.1 F1.1 F2.1 F3.1 F0.5 F1.5 F2.5 F3.5 F4.1 B0.5 F5.1 B1.5 F6.1 B2.5 F7.1 B3.5 "
          "F4.5 B0.1 F5.5 B1.1 F6.5 B2.1 F7.5 B3.1 B4.5 B5.5 B6.5 B7.5 B4.1 B5.1 B6.1 B7.1",
          "F0.2 F1.2 F2.2 F3.2 F0.6 F1.6 F2.6 B0.6 F3.6 B1.6 F4.2 B2.6 F5.2 B3.6 F6.2 B0.2 "
          "F7.2 B1.2 F4.6 B2.2 F5.6 B3.2 F6.6 B4.6 F7.6 B5.6 B6.6 B7.6 B4.2 B5.2 B6.2 B7.2",
          "F0.3 F1.3 F2.3 F3.3 F0.7 B0.7 F1.7 B1.7 F2.7 B2.7 F3.7 B3.7 F4.3 B0.3 F5.3 B1.3 "
          "F6.3 B2.3 F7.3 B3.3 F4.7 B4.7 F5.7 B5.7 F6.7 B6.7 F7.7 B7.7 B4.3 B5.3 B6.3 B7.3"}},
    [GOLDEN_PIPEDREAM] =
        {WRITTEN_PIPEDREAM,
         {"F0 F1 F2 F3 B0 step F4 B1 step F5 B2 step F6 B3 step F7 B4 step B5 step B6 step B7 step",
          "F0 F1 F2 B0 step F3 B1 step F4 B2 step F5 B3 step F6 B4 step F7 B5 step B6 step B7 step",
          "F0 F1 B0 step F2 B1 step F3 B2 step F4 B3 step F5 B4 step F6 B5 step F7 B6 step B7 step",
          "F0 B0 step F1 B1 step F2 B2 step F3 B3 step F4 B4 step F5 B5 step F6 B6 step F7 B7 "
          "step"}},
    [GOLDEN_ZERO_BUBBLE] =
        {WRITTEN_ZERO_BUBBLE,
         {"F0 F1 F2 F3 I0 W0 F4 I1 W1 F5 I2 W2 F6 I3 W3 F7 I4 W4 I5 W5 I6 W6 I7 W7",
          "F0 F1 F2 I0 F3 I1 W0 F4 I2 W1 F5 I3 W2 F6 I4 W3 F7 I5 W4 I6 W5 I7 W6 W7",
          "F0 F1 I0 F2 I1 F3 I2 W0 F4 I3 W1 F5 I4 W2 F6 I5 W3 F7 I6 W4 I7 W5 W6 W7",
          "F0 I0 F1 I1 F2 I2 F3 I3 W0 F4 I4 W1 F5 I5 W2 F6 I6 W3 F7 I7 W4 W5 W6 W7"}},
    [GOLDEN_NAIVE] = {WRITTEN_NAIVE, {"F0 B0", "F0 B0", "F0 B0", "F0 B0"}},
};
