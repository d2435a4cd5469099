/* Many threads on one handle, and a handle that is closed, or a process that ends, while calls are in flight. */
#include <pthread.h>
#include <stdatomic.h>

#include "check.h"

#define THREADS 8
#define TURNS 40

static tenure_handle handle;
static atomic_int in_flight, closed;

static void *work(void *of)
{
    const int number = *(const int *)of;
    char person[32];
    for (int turn = 0; turn < TURNS; turn++) {
        snprintf(person, sizeof person, "p%d-%d", number, turn);
        EXPECT(!holds(handle, person));
        EXPECT(requests(handle, person));
        EXPECT(holds(handle, person));
    }
    return NULL;
}

/* Until it is closed every call is answered, and from then on none is. */
static void *until_closed(void *of)
{
    const int number = *(const int *)of;
    for (int turn = 0;; turn++) {
        char call[512];
        snprintf(call, sizeof call,
                 "{\"call\": \"request\", \"flow\": \"db\", \"actor\": {\"id\": \"q%d-%d\", \"groups\": [\"sre\"]}, "
                 "\"items\": [{\"resource\": " ORDERS ", \"permission\": \"read\"}], \"span\": \"1h\"}",
                 number, turn);
        atomic_fetch_add(&in_flight, 1);
        tenure_text answer;
        const tenure_status status = tenure_call(handle, call, strlen(call), &answer);
        const int over = status == TENURE_FAULT && strstr(answer.bytes, "\"closed\"") != NULL;
        EXPECT(over || status == TENURE_OK);
        tenure_free(&answer);
        if (over) {
            atomic_fetch_add(&closed, 1);
            return NULL;
        }
    }
}

int main(int argc, char **argv)
{
    within(300);
    EXPECT(argc == 3);
    pthread_t threads[THREADS];
    int numbers[THREADS];
    handle = opened(argv[1]);
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        EXPECT(pthread_create(&threads[i], NULL, work, &numbers[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        EXPECT(pthread_join(threads[i], NULL) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        EXPECT(pthread_create(&threads[i], NULL, until_closed, &numbers[i]) == 0);
    }
    while (atomic_load(&in_flight) < 4 * THREADS) {
        usleep(1000);
    }
    if (strcmp(argv[2], "exit") == 0) {
        return 0;
    }
    EXPECT(tenure_close(handle) == TENURE_OK);
    for (int i = 0; i < THREADS; i++) {
        EXPECT(pthread_join(threads[i], NULL) == 0);
    }
    EXPECT(atomic_load(&closed) == THREADS);
    puts("every thread was answered");
    return 0;
}
