/* What a step needs, by the words of its script. */
#include "tests/unit/recipe/recipe_case.h"

/* Classifies the one step of a document whose script is this text (a literal block). */
static void classify(const char *script, struct sw_step_class *out)
{
    struct sw_buf text = {0};
    struct sw_err err = {0};
    struct sw_component *component;

    assert_ok(sw_buf_puts(&text,
                          HEAD "      - name: s\n        action: ExecuteBash\n        inputs:\n"
                               "          commands:\n            - |\n",
                          &err),
              err);
    for (const char *line = script; *line != '\0'; line += strcspn(line, "\n") + (strchr(line, '\n') != NULL))
        assert_ok(sw_buf_printf(&text, &err, "              %.*s\n", (int)strcspn(line, "\n"), line), err);
    component = good_component(text.data);
    sw_classify_step(component, &component->phases[0], &component->phases[0].steps[0], out);
    sw_component_free(component);
    sw_buf_free(&text);
}

static void assert_need(const char *script, enum sw_need need, const char *words)
{
    struct sw_step_class got;
    bool found = words == NULL;

    classify(script, &got);
    if (got.need != need)
        fail_msg("'%s' %s, expected: %s", script, sw_need_name(got.need), sw_need_name(need));
    for (size_t i = 0; i < got.n; i++)
        found = found || strcmp(got.reasons[i].words, words != NULL ? words : "") == 0;
    if (!found)
        fail_msg("'%s' has no claim of '%s' but '%s'", script, words,
                 got.n > 0 ? got.reasons[0].words : "none");
    if (words == NULL && got.n > 0)
        fail_msg("'%s' has the claim '%s'", script, got.reasons[0].words);
}

static void package_managers_need_media(void **state)
{
    (void)state;
    assert_need("sudo yum install -y nginx", SW_NEED_MEDIA, "yum install");
    assert_need("DEBIAN_FRONTEND=noninteractive apt-get -y -o Dpkg::Use-Pty=0 install curl", SW_NEED_MEDIA,
                "apt-get install");
    assert_need("sudo -E env A=b /usr/bin/dnf -q update", SW_NEED_MEDIA, "dnf update");
    assert_need("if ! rpm -q x; then yum -y install x; fi", SW_NEED_MEDIA, "yum install");
    assert_need("yum \\\n  -y \\\n  install x", SW_NEED_MEDIA, "yum install");
    assert_need("x=$(zypper --non-interactive in y)", SW_NEED_MEDIA, "zypper in");
    assert_need("${PKG} install -y nginx", SW_NEED_MEDIA, "(variable) install");
    assert_need("$SUDO apt-get update", SW_NEED_MEDIA, "apt-get update");
}

static void transfers_need_a_network(void **state)
{
    (void)state;
    assert_need("curl -fsSL https://x.example/y | bash", SW_NEED_NETWORK, "curl");
    assert_need("bash <(wget -qO- \"$URL\")", SW_NEED_NETWORK, "wget");
    assert_need("timeout 30 git -C /opt clone https://x.example/y", SW_NEED_NETWORK, "git clone");
    assert_need("python3 -m pip install ansible", SW_NEED_NETWORK, "pip install");
    assert_need("$python -m pip install -r x", SW_NEED_NETWORK, "pip install");
    assert_need("pip3.9 install -r requirements.txt", SW_NEED_NETWORK, "pip install");
    assert_need("aws s3 cp s3://b/k /tmp/k", SW_NEED_NETWORK, "aws");
    assert_need("yum install -y https://x.example/agent.rpm", SW_NEED_NETWORK, "yum install");
    assert_need("rpm --import https://x.example/key", SW_NEED_NETWORK, "rpm");
    assert_need("su - web -c 'cd /srv && npm ci'", SW_NEED_NETWORK, "npm ci");
    assert_need("bash <<EOF\ncurl x.example\nEOF", SW_NEED_NETWORK, "curl");
    assert_need("until curl -s x.example; do sleep 1; done", SW_NEED_NETWORK, "curl");
}

static void running_services_need_a_booted_system(void **state)
{
    (void)state;
    assert_need("systemctl start nginx", SW_NEED_BOOT, "systemctl start");
    assert_need("sudo systemctl enable --now nginx", SW_NEED_BOOT, "systemctl --now");
    assert_need("service nginx restart", SW_NEED_BOOT, "service restart");
    assert_need("/etc/init.d/nginx start", SW_NEED_BOOT, "service start");
    assert_need("curl -s http://169.254.169.254/latest/meta-data/", SW_NEED_BOOT, "169.254.169.254");
    assert_need("curl -f http://localhost:8080/health", SW_NEED_BOOT, "curl");
    assert_need("sudo reboot", SW_NEED_BOOT, "reboot");
    assert_need("shutdown -r now", SW_NEED_BOOT, "shutdown");
    assert_need("init 6", SW_NEED_BOOT, "init 6");
    assert_need("docker run x", SW_NEED_BOOT, "docker run");
    assert_need("sysctl -p", SW_NEED_BOOT, "sysctl -p");
}

static void the_kernels_name_is_a_note_only(void **state)
{
    (void)state;
    assert_need("echo $(uname -r)", SW_NEED_NOTHING, "uname -r");
}

static void words_that_are_no_command_make_no_claim(void **state)
{
    static const char *const scripts[] = {
        "# yum install nginx",
        "echo 'yum install nginx'",
        "echo run: apt-get update",
        "cat >/etc/x <<'EOF'\ncurl https://x.example\nsystemctl start y\nEOF\ntrue",
        "cat <<-EOF >/x\n\tyum install y\n\tEOF\nls",
        "command -v curl",
        "which aws git",
        "for tool in curl wget git; do echo $tool; done",
        "TOOLS=(curl wget aws)",
        "yum remove -y telnet",
        "yum clean all",
        "apt-get clean",
        "apt-mark hold linux-image",
        "yum install -y /tmp/agent.rpm",
        "dpkg -i ./agent.deb",
        "pip install --no-index --find-links /media x",
        "git init /srv/x",
        "git --version",
        "aws --version",
        "aws configure set region eu-west-1",
        "curl --version",
        "curl file:///etc/passwd",
        "systemctl enable nginx",
        "systemctl stop nginx",
        "systemctl daemon-reload",
        "systemctl mask --runtime=no tmp.mount",
        "sed -i s/reboot/nothing/ /etc/x",
        "grep -q reboot /etc/crontab",
        "case $ID in yum) ls ;; apt|curl) ls ;; esac",
        "[ -x /usr/bin/curl ] && ls",
        "cp curl wget /usr/local/bin",
        "chown aws:aws /srv",
        "useradd git",
        "mkdir -p /etc/systemd/system/docker.service.d",
        "echo 'unterminated \"quote",
        "uname -m",
        "printf '%s' \"systemctl start x\" > /usr/local/bin/y",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
        assert_need(scripts[i], SW_NEED_NOTHING, NULL);
}

static void a_claim_names_the_line_that_makes_it(void **state)
{
    struct sw_step_class got;

    (void)state;
    classify("set -e\nls\n  sudo yum install -y {{ .x }} nginx # web\nyum install -y more", &got);
    assert_int_equal(got.n, 1);
    assert_int_equal(got.reasons[0].line, 12);
    assert_int_equal(got.reasons[0].column, 22);
    assert_string_equal(got.reasons[0].source, "sudo yum install -y {{ .x }} nginx # web");
}

static void actions_speak_for_themselves(void **state)
{
    struct sw_component *c = good_component(
        "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n"
        "      - {name: a, action: ExecuteBinary, inputs: {path: /usr/bin/curl, arguments: [x.example]}}\n"
        "      - {name: b, action: CreateFile, inputs: [{path: /x, content: yum install y}]}\n"
        "  - name: test\n    steps:\n      - {name: a, action: ExecuteBash, inputs: {commands: [ls]}}\n");
    struct sw_step_class got;

    (void)state;
    sw_classify_step(c, &c->phases[0], &c->phases[0].steps[0], &got);
    assert_int_equal(got.need, SW_NEED_NETWORK);
    sw_classify_step(c, &c->phases[0], &c->phases[0].steps[1], &got);
    assert_int_equal(got.need, SW_NEED_NOTHING);
    assert_int_equal(got.n, 0);
    sw_classify_step(c, &c->phases[1], &c->phases[1].steps[0], &got);
    assert_int_equal(got.need, SW_NEED_BOOT);
    sw_component_free(c);
}

static void hostile_scripts_end_soon(void **state)
{
    static const char *const pieces[] = {"$(", "\"$(",       "`", "{{", "<<A ",
                                         "((", "bash -c \"", "'", "\\", "${"};
    char *script = malloc(200001);
    struct sw_step_class got;

    (void)state;
    assert_non_null(script);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        size_t len = strlen(pieces[i]);

        for (size_t at = 0; at < 200000; at++)
            script[at] = pieces[i][at % len];
        script[200000] = '\0';
        classify(script, &got);
        assert_true(got.n <= SW_REASONS_MAX);
    }
    free(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(package_managers_need_media),
        cmocka_unit_test(transfers_need_a_network),
        cmocka_unit_test(running_services_need_a_booted_system),
        cmocka_unit_test(the_kernels_name_is_a_note_only),
        cmocka_unit_test(words_that_are_no_command_make_no_claim),
        cmocka_unit_test(a_claim_names_the_line_that_makes_it),
        cmocka_unit_test(actions_speak_for_themselves),
        cmocka_unit_test(hostile_scripts_end_soon),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
