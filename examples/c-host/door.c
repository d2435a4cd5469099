/*
 * A door in C: reads `PERSON INTEGRATION TYPE NAME PERMISSION` line by line and says `OK until=SECONDS` or `ERR`, as
 * helpers of Squid and other servers do. Who has access is decided elsewhere - by a service in another language, say -
 * that has the same file open.
 *
 *     cc door.c $(pkg-config --cflags --libs tenure) -o door
 *     echo "alice prod-pg database orders read" | ./door '{"store": "access.db"}'
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <tenure.h>

enum { WORDS = 5 };

/* Takes a line apart; false where it does not have as many words as it should. */
static bool taken_apart(char *line, const char *words[WORDS])
{
    int count = 0;
    for (char *word = strtok(line, " \t\n"); word != NULL; word = strtok(NULL, " \t\n")) {
        if (count == WORDS) {
            return false;
        }
        words[count++] = word;
    }
    return count == WORDS;
}

int main(int argc, char **argv)
{
    const char *config = argc > 1 ? argv[1] : "{\"store\": \"access.db\"}";
    tenure_handle access;
    if (tenure_open(config, strlen(config), &access) != TENURE_OK) {
        tenure_text why;
        tenure_call(access, NULL, 0, &why);
        fprintf(stderr, "door: %s\n", why.bytes);
        tenure_free(&why);
        return 1;
    }

    char line[4096];
    while (fgets(line, sizeof line, stdin) != NULL) {
        const char *words[WORDS];
        tenure_verdict verdict = {false, 0};
        if (taken_apart(line, words)) {
            const tenure_item item = {words[1], words[2], words[3], words[4]};
            /* Where the store cannot say, that is no yes: `allowed` stays false. */
            if (tenure_holds(access, words[0], &item, NULL, &verdict) != TENURE_OK) {
                fprintf(stderr, "door: nobody can say whether %s may pass\n", words[0]);
            }
        }
        if (verdict.allowed) {
            printf("OK until=%" PRId64 "\n", verdict.until / 1000);
        } else {
            puts("ERR");
        }
        fflush(stdout);
    }
    return tenure_close(access) == TENURE_OK ? 0 : 1;
}
