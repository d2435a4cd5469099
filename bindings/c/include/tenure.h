/*
 * tenure: embeddable Just-In-Time access. A call is JSON, an answer is JSON; README.md beside this file shows both.
 *
 * Threads: every function may be called on any thread, on many at once, for one handle too. tenure_close waits until the
 * calls that are in flight on that handle have their answers. Nothing here is to be called in a signal handler.
 *
 * Forks: in a forked child a handle of its parent answers every call with the fault `forked`. A child that was forked
 * while a SQLite file was open cannot open one itself: open the first one after the fork.
 *
 * Ownership: what you hand in stays yours, and is not looked at after the function returned. A tenure_text that you were
 * given is yours; give it back with tenure_free, once. A handle is a number, and no memory of yours: one that was closed,
 * or that never was one, is answered with the fault `closed`. Close each handle you opened.
 *
 * No function unwinds, throws, calls exit or changes a signal handler. This file is made by cbindgen.
 */

#ifndef TENURE_H
#define TENURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * The version of this header, to be compared with tenure_version().
 */
#define TENURE_VERSION "0.1.0"

/**
 * The first number of the version of this header: it moves where a program must be changed.
 */
#define TENURE_VERSION_MAJOR 0

/**
 * Its second number: before 1.0, it moves where a program must be changed.
 */
#define TENURE_VERSION_MINOR 1

/**
 * Its third number.
 */
#define TENURE_VERSION_PATCH 0

/**
 * What sort of answer it is: the name of the one field that it has.
 */
typedef enum tenure_status {
    /**
     * `ok`: what was asked.
     */
    TENURE_OK = 0,
    /**
     * `refused`: the rules say no.
     */
    TENURE_REFUSED = 1,
    /**
     * `invalid`: the call, or the policy, is wrong.
     */
    TENURE_INVALID = 2,
    /**
     * `fault`: the world failed. The rules said neither yes nor no.
     */
    TENURE_FAULT = 3,
} tenure_status;

/**
 * An open store in one namespace. It is a number; 0 is none.
 */
typedef uint64_t tenure_handle;

/**
 * A text that is yours: UTF-8, and a zero byte after its end. Give it back with tenure_free().
 */
typedef struct tenure_text {
    /**
     * Its first byte. Null once it was given back.
     */
    char *bytes;
    /**
     * How many bytes it has, without the zero.
     */
    size_t len;
} tenure_text;

/**
 * A permission on a resource: texts that end with a zero byte.
 */
typedef struct tenure_item {
    /**
     * The instance, such as `prod-pg`.
     */
    const char *integration;
    /**
     * The type, such as `database`.
     */
    const char *type;
    /**
     * The name in its integration.
     */
    const char *name;
    /**
     * The permission.
     */
    const char *permission;
} tenure_item;

/**
 * Whether access is held.
 */
typedef struct tenure_verdict {
    /**
     * Whether it is. It never is where the status is not TENURE_OK.
     */
    bool allowed;
    /**
     * Where it is: until when, in milliseconds since 1970-01-01T00:00:00Z. 0 where it is not.
     */
    int64_t until;
} tenure_verdict;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library, a text that stays.
 */
const char *tenure_version(void);

/**
 * Opens a store as the `len` bytes of JSON at `config` say: `{"store": "access.db", "policy": "flows.yaml"}`.
 *
 * `*handle` is set in any case, and is yours to close. Where the status is not TENURE_OK it answers every call with
 * what was wrong. A null `config` is TENURE_INVALID; with a null `handle` nothing is opened, and that too is
 * TENURE_INVALID.
 *
 * # Safety
 * `config` points to `len` bytes, `handle` to where one fits; each may be null.
 */
enum tenure_status tenure_open(const char *config,
                               size_t len,
                               tenure_handle *handle);

/**
 * Answers the call that is the `len` bytes of JSON at `call`: `{"call": "look", "grant": "g1"}`.
 *
 * `*answer` is set to canonical JSON in any case, and is yours to free; with a null `answer` the status is all that is
 * told. A null `call` is TENURE_INVALID.
 *
 * # Safety
 * `call` points to `len` bytes, `answer` to where one fits; each may be null.
 */
enum tenure_status tenure_call(tenure_handle handle,
                               const char *call,
                               size_t len,
                               struct tenure_text *answer);

/**
 * Whether `person` may now use that permission on that resource: the call `holds` without JSON. At `*now` milliseconds
 * since 1970-01-01T00:00:00Z, or by the store's clock where `now` is null.
 *
 * A no is TENURE_OK with `allowed` false. Where the status is another one it is no yes either, and the call `holds`
 * says why. A null text, one that is no UTF-8, and a null `verdict` are TENURE_INVALID.
 *
 * # Safety
 * `person` and the texts of `item` end with a zero byte, `now` points to a number, `verdict` to where one fits; each
 * may be null.
 */
enum tenure_status tenure_holds(tenure_handle handle,
                                const char *person,
                                const struct tenure_item *item,
                                const int64_t *now,
                                struct tenure_verdict *verdict);

/**
 * Closes a handle once the calls that are in flight on it have their answers. Every later call answers that it is
 * closed. Closing again, or what never was a handle, is TENURE_FAULT, and nothing happens.
 */
enum tenure_status tenure_close(tenure_handle handle);

/**
 * Gives a text back and empties it. A null one, and one that was given back, is nothing to give back.
 *
 * # Safety
 * `text` is null, or points to a text as it was given, of which no copy is given back.
 */
void tenure_free(struct tenure_text *text);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* TENURE_H */
