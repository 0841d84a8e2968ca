/* What every unit test program starts with: Check, and a main that runs one suite. */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <stdlib.h>

/* Defines main for a file whose tests are collected by `Suite *make(void)`. */
#define UNIT_MAIN(make)                                                                            \
  int main(void) {                                                                                 \
    SRunner *runner = srunner_create(make());                                                      \
    srunner_run_all(runner, CK_NORMAL);                                                            \
    int failed = srunner_ntests_failed(runner);                                                    \
    srunner_free(runner);                                                                          \
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;                                                   \
  }

#endif
