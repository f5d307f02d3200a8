#include <stdlib.h>
#include <string.h>

static char *kept[100];

static void keep(int i) {
    kept[i] = malloc(1000); /* leaks */
    memset(kept[i], 1, 1000);
}

static void churn(void) {
    char *all = malloc(500000); /* churns */
    memset(all, 2, 500000);
    free(all);
}

int main(void) {
    for (int i = 0; i < 100; i++) {
        keep(i); /* calls keep */
    }
    churn();
    return 0;
}
