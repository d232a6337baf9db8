/* The program handin: see handin.h. */
#include "common/base/environment.h"
#include "common/base/processor.h"
#include "handin/handin.h"

int main(int argc, char **argv)
{
    processor_must_fit();
    environment_start_again(argv);
    return handin_main(argc, argv);
}
