/* The committed learning curves of the memory assignment; see tests/support/reference_curves.h. */
#include "tests/support/reference_curves.h"
#include "tests/support/test.h"

Suite *test_suite(void)
{
    return reference_curves_suite("memory", "-zero");
}
