/* Says what make_corpus has to run. */
#include "tests/fuzz/judged_runs.h"

int main(void)
{
    judged_runs_list();
    return 0;
}
