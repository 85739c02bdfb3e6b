/* Text in capitals: what shouts, and that small letters and capitals keep their bytes. */
#include <string.h>

#include "check.h"
#include "text/caps.h"

TEST(shouts)
{
    const char *const yes[] = { "ALL CAPS", "PLEASE READ THIS.", "ÜBER ÄPFEL", "ERROR 404: THE FILE IS GONE", "A BIG DOG RAN" };
    const char *const no[] = { "", "HTML", "I AM", "NOTE", "All CAPS HERE", "THE DOg", "MAX_SIZE IS SET", "RUN `LS NOW`",
                               "1 2 3", "ß", "STRAßE UND WEG", "\xC3", "\xFF\xFE" };
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) CHECK(caps_shouts(yes[i], strlen(yes[i])), "%s", yes[i]);
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) CHECK(!caps_shouts(no[i], strlen(no[i])), "%s", no[i]);
}

TEST(lower)
{
    const char *const pairs[][2] = {
        { "PLEASE READ THIS.", "Please read this." }, { "  \"ÜBER ÄPFEL\"", "  \"Über äpfel\"" },
        { "THEN I SAW A CAT", "Then I saw A cat" }, { "I SAW IT", "I saw it" }, { "", "" },
        { "2 × 3 ÷ ŁÓDŹ €\xFF\xC3", "2 × 3 ÷ ŁÓdŹ €\xFF\xC3" } };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char out[64] = { 0 };
        caps_lower(out, pairs[i][0], strlen(pairs[i][0]));
        CHECK(!strcmp(out, pairs[i][1]), "%s: %s", pairs[i][0], out);
    }
}

TEST(raise)
{
    const char *const pairs[][2] = {
        { "Grüße aus der Straße, ça va?", "GRÜSSE AUS DER STRASSE, ÇA VA?" }, { "2 × 3 ÷ ÿ x \xC3", "2 × 3 ÷ ÿ X \xC3" } };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char out[64];
        strcpy(out, pairs[i][0]);
        caps_raise(out, strlen(out));
        CHECK(!strcmp(out, pairs[i][1]), "%s: %s", pairs[i][0], out);
    }
}

int main(void)
{
    RUN(shouts);
    RUN(lower);
    RUN(raise);
    return check_report();
}
