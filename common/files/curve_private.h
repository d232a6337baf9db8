/* What reading and writing a learning curve (curve.h) share. */
#ifndef COMMON_FILES_CURVE_PRIVATE_H
#define COMMON_FILES_CURVE_PRIVATE_H

#include <locale.h>

/* The C locale, in which the numbers of a curve stand, whatever the user's is: made once. Ends the program if it can't be
 * had. */
locale_t curve_c_locale(void);

#endif
