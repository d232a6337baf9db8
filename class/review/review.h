/*
 * class review: a person reads the answers that the rubric leaves to one, on a page of this computer (review.c).
 * class review-merge: the files of all reviewers become students/ID/review-ASSIGNMENT.json (merge.c).
 */
#ifndef CLASS_REVIEW_REVIEW_H
#define CLASS_REVIEW_REVIEW_H

#include "class/students/command.h"

command_function review_command, review_merge_command;

#endif
