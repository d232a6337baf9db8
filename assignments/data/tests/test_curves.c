/* The committed learning curves of the data assignment; see tests/support/reference_curves.h. */
#include "tests/support/reference_curves.h"
#include "tests/support/test.h"

Suite *test_suite(void)
{
    return reference_curves_suite("data", "-replicas");
}
