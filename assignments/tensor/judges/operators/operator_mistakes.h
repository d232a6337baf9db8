/*
 * Known mistakes of the operators: what each would return in every call.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_OPERATORS_OPERATOR_MISTAKES_H
#define ASSIGNMENTS_TENSOR_JUDGES_OPERATORS_OPERATOR_MISTAKES_H

#include "assignments/tensor/judges/operators/operator_results.h"

/* The mistake that explains what every call of the operator returned on every rank; NULL: there is none.
 * At least one of them is wrong. */
const struct mistake *operator_mistake(const struct operator_results *all,
                                       enum tensor_operator which);

#endif
