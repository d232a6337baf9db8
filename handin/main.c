/* The program handin: see handin.h. */
#include "handin/handin.h"

int main(int argc, char **argv)
{
    return handin_main(argc, argv);
}
