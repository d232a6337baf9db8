/*
 * The signature of a failure: what was seen, without what differs between two who made the same mistake. Numbers, ranks,
 * places in files, and what students wrote themselves become #, so that equal mistakes have equal signatures.
 */
#ifndef CLASS_PAGE_SIGNATURE_H
#define CLASS_PAGE_SIGNATURE_H

/* Of a verdict's headline. A new string. */
char *signature_of(const char *seen);

#endif
