/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image/worker/config_change.h"

#include <criterion/criterion.h>

static void expect_config(const char *const *instructions, size_t count, const char *expected)
{
    scoped(json_release) json_t *config = json_object();
    scoped_text struct text found = {0};
    struct error err = {0};

    for (size_t i = 0; i < count; i++)
        cr_expect_eq(config_change_apply(config, instructions[i], &err), 0, "%s", err.text);
    json_format(config, &found);
    cr_expect_str_eq(text_get(&found), expected, "%s", instructions[0]);
}
#define EXPECT_CONFIG(expected, ...)                                                               \
    expect_config((const char *const[]){__VA_ARGS__},                                              \
                  sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), expected)

Test(config_change, instructions_become_what_docker_makes_of_them)
{
    EXPECT_CONFIG("{\"Cmd\":[\"/bin/sh\",\"-c\",\"echo $A\"]}", "CMD echo $A");
    EXPECT_CONFIG("{\"Cmd\":[\"echo\",\"a b\"]}", "cmd  [\"echo\", \"a b\"] ");
    EXPECT_CONFIG("{\"Cmd\":[\"/bin/sh\",\"-c\",\"[ -f x ]\"]}", "CMD [ -f x ]");
    EXPECT_CONFIG("{\"Entrypoint\":[\"/x\"]}", "ENTRYPOINT [\"/x\"]");
    EXPECT_CONFIG("{\"User\":\"1000:1000\"}", "USER 1000:1000");
    EXPECT_CONFIG("{\"StopSignal\":\"SIGINT\"}", "STOPSIGNAL SIGINT");
    EXPECT_CONFIG("{\"OnBuild\":[\"RUN x\",\"ADD y /\"]}", "ONBUILD RUN x", "ONBUILD ADD y /");
    EXPECT_CONFIG("{\"WorkingDir\":\"/a/b\"}", "WORKDIR a", "WORKDIR b");
    EXPECT_CONFIG("{\"WorkingDir\":\"/b\"}", "WORKDIR /a", "WORKDIR /b");
    EXPECT_CONFIG("{\"Volumes\":{\"/a b\":{},\"/c\":{}}}", "VOLUME [\"/a b\", \"/c\"]");
    EXPECT_CONFIG("{\"Volumes\":{\"/a\":{},\"/b\":{}}}", "VOLUME /a /b");
    EXPECT_CONFIG("{\"Env\":[\"A=1\",\"B=x y\",\"C=\"]}", "ENV A=0 B=\"x y\"", "ENV A=1 C=");
    EXPECT_CONFIG("{\"Env\":[\"A=one  two\"]}", "ENV A one  two");
    EXPECT_CONFIG("{\"Env\":[\"A=x y\",\"B=z'\"]}", "ENV A=x\\ y B=\"z'\"");
    EXPECT_CONFIG("{\"Labels\":{\"a.b\":\"c=d\",\"e\":\"\"}}", "LABEL a.b=c=d e=''");
    EXPECT_CONFIG(
        "{\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{},\"8000/tcp\":{},\"8001/tcp\":{}}}",
        "EXPOSE 80 53/udp 8000-8001");
    EXPECT_CONFIG("{\"Healthcheck\":{\"Interval\":5000000000,\"Retries\":3,\"Test\":[\"CMD\",\"a\","
                  "\"b\"]}}",
                  "HEALTHCHECK --interval=5s --retries=3 CMD [\"a\", \"b\"]");
    EXPECT_CONFIG("{\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"true && x\"]}}",
                  "HEALTHCHECK CMD true && x");
    EXPECT_CONFIG("{\"Healthcheck\":{\"Test\":[\"NONE\"]}}", "HEALTHCHECK CMD x",
                  "HEALTHCHECK none");
}

Test(config_change, what_makes_no_sense_is_refused)
{
    static const char *const instructions[] = {
        "",
        "RUN x",
        "COPY a b",
        "CMD",
        "ENV",
        "ENV A",
        "ENV =x",
        "ENV A=1 B",
        "ENV A=\"x",
        "EXPOSE x",
        "EXPOSE 70000",
        "EXPOSE 9-8",
        "EXPOSE 80/",
        "HEALTHCHECK x",
        "HEALTHCHECK --x=1 CMD y",
        "HEALTHCHECK --interval=soon CMD y",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(instructions); i++) {
        scoped(json_release) json_t *config = json_object();
        struct error err = {0};

        cr_expect_eq(config_change_apply(config, instructions[i], &err), -1, "%s", instructions[i]);
        cr_expect(strncmp(err.text, "change '", 8) == 0, "%s", err.text);
    }
}
