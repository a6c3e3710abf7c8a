/* Somebody else's C++ program: networks that close themselves, errors as exceptions, arrays as they lie.
 * consumer_cpp CONFIGURATION RUN_DIR */
#include <gyre/network.hpp>

#include <cstdlib>
#include <iostream>

static void expect(bool condition, const char *what)
{
    if (condition) return;
    std::cerr << what << '\n';
    std::exit(1);
}

int main(int, char **argv)
{
    constexpr int n = 10;
    double x[n][4] = {}, y[n] = {};
    float plain[n][3], answers[n], others[n];
    for (int i = 0; i < n; i++)
        for (int j = 0; j < 3; j++) x[i][j] = plain[i][j] = 0.1f * static_cast<float>(i - j);

    gyre::options options;
    options.training = true;
    options.sets = {"seed=3"};
    gyre::network net(argv[1], options);
    expect(net.input() == std::vector<std::int64_t>{3} && net.steps() == 0, "shape");
    net.apply(n, &plain[0][0], answers);
    net.apply(gyre::view(&x[0][0], {n, 3}, {4, 1}), gyre::view(y, {n}));
    gyre::workspace work(net);
    net.apply(work, n, &plain[0][0], others);
    for (int i = 0; i < n; i++)
        expect(static_cast<float>(y[i]) == answers[i] && others[i] == answers[i], "views");

    const double first = net.loss(n, &plain[0][0], answers);
    for (float &answer : answers) answer += 1;
    for (int i = 0; i < 5; i++) net.step(n, &plain[0][0], answers);
    expect(first < 1e-10 && net.loss(n, &plain[0][0], answers) < 1 && net.steps() == 5, "training");
    try {
        const gyre::network nothing(argv[2]);
        expect(false, "nothing is there");
    } catch (const gyre::error &e) {
        expect(e.status != GY_OK && std::string(e.what()).size() > 10, "the error's line");
    }
    net.save(argv[2]);
    net = gyre::network(argv[2]);
    expect(net.steps() == 5, "a saved one");
    return 0;
}
