/**
 * <gyre/network.h> for C++17: what is opened closes itself, errors are exceptions. The calls are those of
 * C, where they are described.
 *
 *     gyre::network net("runs/closure");
 *     net.apply(n, x, y);                                         // float, [n, input…]
 *     net.apply(gyre::view(u, {nx, ny, 3}), gyre::view(f, {nx, ny}));  // float or double, any strides
 */
#ifndef GYRE_NETWORK_HPP
#define GYRE_NETWORK_HPP

#include <gyre/network.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace gyre
{

/** What a call failed with: its line, and its status. */
class error : public std::runtime_error
{
  public:
    explicit error(gy_status status) : std::runtime_error(gy_error_last()->text), status(status) {}
    gy_status status;
};

inline void check(gy_status status)
{
    if (status != GY_OK) throw error(status);
}

/**
 * Samples as they lie: gy_view. The array is not owned.
 * @param extent  its axes, the sample's own last
 * @param stride  in elements; left out: one after another, the last axis fastest
 */
template <typename Real>
gy_view view(Real *data, const std::vector<std::int64_t> &extent,
             const std::vector<std::int64_t> &stride = {})
{
    using number = std::remove_const_t<Real>;
    static_assert(std::is_same_v<number, float> || std::is_same_v<number, double>);
    if (extent.size() > GY_NETWORK_AXES || (!stride.empty() && stride.size() != extent.size()))
        throw std::invalid_argument("a view has at most 8 axes, each with an extent and a stride");
    gy_view v = {};
    v.type = std::is_same_v<number, float> ? GY_FLOAT : GY_DOUBLE;
    v.data = const_cast<number *>(data);
    v.axes = static_cast<int>(extent.size());
    std::int64_t step = 1;
    for (int i = v.axes - 1; i >= 0; i--) {
        v.extent[i] = extent[i];
        v.stride[i] = stride.empty() ? step : stride[i];
        step *= extent[i];
    }
    return v;
}

struct options {
    const void *comm = nullptr; /* address of an MPI_Comm; nullptr: this process alone */
    bool training = false;
    int threads = 0;
    std::int64_t most = 0;
    std::vector<std::string> sets; /* "key.path=value" */
};

namespace detail
{
template <auto close> struct closes {
    template <typename T> void operator()(T *x) const { close(x); }
};
template <typename T, auto close> using owned = std::unique_ptr<T, closes<close>>;
} // namespace detail

class network;

/** What a thread needs to apply a network beside other threads; it must end before the network does. */
class workspace
{
  public:
    explicit workspace(network &net, std::int64_t most = 0);

  private:
    friend class network;
    detail::owned<gy_workspace, gy_workspace_free> handle;
};

/** Can be moved, not copied. */
class network
{
  public:
    explicit network(const std::string &path, const options &o = {})
    {
        std::vector<const char *> sets;
        for (const std::string &set : o.sets) sets.push_back(set.c_str());
        gy_network_options all = {o.training, o.threads, o.most, sets.data(),
                                  static_cast<int>(sets.size())};
        gy_context *ctx_ = nullptr;
        gy_comm *comm_ = nullptr;
        gy_network *net_ = nullptr;
        check(gy_context_create(nullptr, nullptr, &ctx_));
        ctx.reset(ctx_);
        if (o.comm != nullptr) check(gy_comm_create(ctx_, o.comm, &comm_));
        comm.reset(comm_);
        check(gy_network_open(ctx_, comm_, path.c_str(), &all, &net_));
        handle.reset(net_);
    }
    network(network &&) = default;
    network &operator=(network &&other) noexcept /* what was open is closed with `other` */
    {
        ctx.swap(other.ctx);
        comm.swap(other.comm);
        handle.swap(other.handle);
        return *this;
    }

    std::vector<std::int64_t> input() const { return shape(gy_network_input); }
    std::vector<std::int64_t> output() const { return shape(gy_network_output); }
    std::vector<std::int64_t> target() const { return shape(gy_network_target); }
    std::int64_t steps() const { return gy_network_steps(get()); }

    void apply(std::int64_t n, const float *x, float *y)
    {
        check(gy_network_apply(get(), nullptr, n, x, y));
    }
    void apply(workspace &w, std::int64_t n, const float *x, float *y)
    {
        check(gy_network_apply(get(), w.handle.get(), n, x, y));
    }
    void apply(const gy_view &x, const gy_view &y)
    {
        check(gy_network_apply_view(get(), nullptr, &x, &y));
    }
    void apply(workspace &w, const gy_view &x, const gy_view &y)
    {
        check(gy_network_apply_view(get(), w.handle.get(), &x, &y));
    }

    /** @return the loss before the update; of `loss` without one */
    double step(std::int64_t n, const float *x, const float *y, const float *weight = nullptr)
    {
        double l = 0;
        check(gy_network_step(get(), n, x, y, weight, &l));
        return l;
    }
    double step(const gy_view &x, const gy_view &y, const gy_view *weight = nullptr)
    {
        double l = 0;
        check(gy_network_step_view(get(), &x, &y, weight, &l));
        return l;
    }
    double loss(std::int64_t n, const float *x, const float *y, const float *weight = nullptr)
    {
        double l = 0;
        check(gy_network_loss(get(), n, x, y, weight, &l));
        return l;
    }
    double loss(const gy_view &x, const gy_view &y, const gy_view *weight = nullptr)
    {
        double l = 0;
        check(gy_network_loss_view(get(), &x, &y, weight, &l));
        return l;
    }

    void learn(std::int64_t n, const float *x, const float *y = nullptr)
    {
        check(gy_network_learn(get(), n, x, y));
    }
    void learn(const gy_view &x, const gy_view *y = nullptr)
    {
        check(gy_network_learn_view(get(), &x, y));
    }
    void save(const std::string &run_dir) { check(gy_network_save(get(), run_dir.c_str())); }

    /** For the calls of C. */
    gy_network *get() const { return handle.get(); }

  private:
    std::vector<std::int64_t> shape(int axes(const gy_network *, std::int64_t *)) const
    {
        std::int64_t d[GY_NETWORK_AXES];
        const int n = axes(get(), d);
        return std::vector<std::int64_t>(d, d + n);
    }

    detail::owned<gy_context, gy_context_free> ctx; /* ended in the reverse order */
    detail::owned<gy_comm, gy_comm_free> comm;
    detail::owned<gy_network, gy_network_close> handle;
};

inline workspace::workspace(network &net, std::int64_t most)
{
    gy_workspace *w = nullptr;
    check(gy_workspace_create(net.get(), most, &w));
    handle.reset(w);
}

} // namespace gyre
#endif
