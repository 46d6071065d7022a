// The effects of senders on receivers, forward and backward, with hidden layers that never leave the cache.
//
// The nodes of all graphs stand one after the other; first_receiver and first_sender are the first ones of each graph.
// With a the receiver's and c the sender's half of the first layer (its bias included),
//
//     effect[r] = sum over s of weight[s] relu(W3 relu(W2 relu(a[r] + c[s]) + b2) + b3),
//
// where a node that is both (`itself`) sends to itself once less. Edges are processed in blocks, a row for each edge,
// and vector lanes are features, padded to whole vectors. The backward pass computes hidden layers again, which
// costs less than fetching them from memory. Sums are made in a fixed order for a given number of threads.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <thread>
#include <type_traits>
#include <vector>

namespace {

// A tile of sums fits into the vector registers, of which AVX-512 and NEON have 32 and AVX2 has 16.
#if defined(__AVX512F__)
constexpr int VECTOR_BYTES = 64, TILE_ROWS = 6, TILE_VECTORS = 4;
#elif defined(__AVX2__)
constexpr int VECTOR_BYTES = 32, TILE_ROWS = 6, TILE_VECTORS = 2;
#else
constexpr int VECTOR_BYTES = 16, TILE_ROWS = 6, TILE_VECTORS = 2;
#endif
constexpr int BLOCK = 96;  // edges

template <typename T>
using Vector __attribute__((vector_size(VECTOR_BYTES), may_alias)) = T;

template <typename T>
constexpr int LANES = VECTOR_BYTES / sizeof(T);

template <typename T>
int padded(int number) {
    return (number + LANES<T> - 1) / LANES<T> * LANES<T>;
}

template <typename T>
struct AlignedAllocator {
    using value_type = T;
    AlignedAllocator() = default;
    template <typename U>
    AlignedAllocator(const AlignedAllocator<U>&) {}
    T* allocate(std::size_t n) {
        return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t(VECTOR_BYTES)));
    }
    void deallocate(T* p, std::size_t) { ::operator delete(p, std::align_val_t(VECTOR_BYTES)); }
    bool operator==(const AlignedAllocator&) const { return true; }
    bool operator!=(const AlignedAllocator&) const { return false; }
};

template <typename T>
using Array = std::vector<T, AlignedAllocator<T>>;

// First and last operation on the elements of a product.

template <typename T>
struct Rectified {  // begins with a bias; NaN stays NaN
    const T* bias;
    Vector<T> begin(int, int column, const T*) const { return *(const Vector<T>*)(bias + column); }
    Vector<T> end(Vector<T> sum, int, int) const { return sum < 0 ? Vector<T>{} : sum; }
};

template <typename T>
struct Gated {  // passed on where the rectified activation is positive
    const T* activation;
    int stride;
    Vector<T> begin(int, int, const T*) const { return Vector<T>{}; }
    Vector<T> end(Vector<T> sum, int row, int column) const {
        return *(const Vector<T>*)(activation + row * stride + column) > 0 ? sum : Vector<T>{};
    }
};

template <typename T>
struct Added {  // to the present value
    Vector<T> begin(int, int, const T* place) const { return *(const Vector<T>*)place; }
    Vector<T> end(Vector<T> sum, int, int) const { return sum; }
};

template <typename T>
struct Matrix {  // element (i, j) at i * rows + j * columns
    const T* data;
    int rows, columns;
};

// ROWS rows and VECTORS vectors of C = A B from (i, j) on; B and C have rows of `stride` elements.
template <int ROWS, int VECTORS, typename T, typename Ends>
inline void tile(int i, int j, int depth, Matrix<T> a, const T* b, T* c, int stride, const Ends& ends) {
    Vector<T> sum[ROWS][VECTORS];
    for (int r = 0; r < ROWS; r++)
        for (int v = 0; v < VECTORS; v++) {
            const int column = j + v * LANES<T>;
            sum[r][v] = ends.begin(i + r, column, c + (i + r) * stride + column);
        }
    for (int k = 0; k < depth; k++) {
        Vector<T> row[VECTORS];
        for (int v = 0; v < VECTORS; v++) row[v] = *(const Vector<T>*)(b + k * stride + j + v * LANES<T>);
        for (int r = 0; r < ROWS; r++) {
            const T factor = a.data[(i + r) * a.rows + k * a.columns];
            for (int v = 0; v < VECTORS; v++) sum[r][v] += factor * row[v];
        }
    }
    for (int r = 0; r < ROWS; r++)
        for (int v = 0; v < VECTORS; v++) {
            const int column = j + v * LANES<T>;
            *(Vector<T>*)(c + (i + r) * stride + column) = ends.end(sum[r][v], i + r, column);
        }
}

// C (rows, columns) = A (rows, depth) B (depth, columns), the columns being whole vectors.
template <typename T, typename Ends>
void product(int rows, int columns, int depth, Matrix<T> a, const T* b, T* c, const Ends& ends) {
    int j = 0;
    auto strip = [&](auto width) {
        constexpr int n = decltype(width)::value;
        constexpr int most = std::min(12, TILE_ROWS * TILE_VECTORS / n);
        int i = 0;
        for (; i + most <= rows; i += most) tile<most, n>(i, j, depth, a, b, c, columns, ends);
        for (; i < rows; i++) tile<1, n>(i, j, depth, a, b, c, columns, ends);
        j += n * LANES<T>;
    };
    while (columns - j >= TILE_VECTORS * LANES<T>) strip(std::integral_constant<int, TILE_VECTORS>{});
    if constexpr (TILE_VECTORS == 4) {
        if (columns - j == 3 * LANES<T>) strip(std::integral_constant<int, 3>{});
        if (columns - j == 2 * LANES<T>) strip(std::integral_constant<int, 2>{});
    }
    if (columns - j == LANES<T>) strip(std::integral_constant<int, 1>{});
}

template <typename T>
struct Layer {
    int in, out, in_padded, out_padded;
    Array<T> weight, transposed, bias;  // weight (out, in_padded), transposed (in, out_padded)

    Layer(const T* w, const T* b, int n_in, int n_out)
        : in(n_in), out(n_out), in_padded(padded<T>(n_in)), out_padded(padded<T>(n_out)),
          weight(n_out * in_padded), transposed(n_in * out_padded), bias(out_padded) {
        for (int j = 0; j < n_out; j++)
            for (int k = 0; k < n_in; k++) weight[j * in_padded + k] = transposed[k * out_padded + j] = w[j * n_in + k];
        std::copy_n(b, n_out, bias.begin());
    }

    // y (rows, out) = relu(x W^T + b)
    void forward(int rows, const T* x, T* y) const {
        product(rows, out_padded, in, Matrix<T>{x, in_padded, 1}, transposed.data(), y, Rectified<T>{bias.data()});
    }

    // dx (rows, in) = dy W where x, itself rectified, is positive
    void backward(int rows, const T* x, const T* dy, T* dx) const {
        product(rows, in_padded, out, Matrix<T>{dy, out_padded, 1}, weight.data(), dx, Gated<T>{x, in_padded});
    }
};

template <typename T>
struct LayerGradient {
    Array<T> weight, bias;

    explicit LayerGradient(const Layer<T>& layer) : weight(layer.out * layer.in_padded), bias(layer.out_padded) {}

    void add(const Layer<T>& layer, int rows, const T* x, const T* dy) {
        product(layer.out, layer.in_padded, rows, Matrix<T>{dy, 1, layer.out_padded}, x, weight.data(), Added<T>{});
        T* __restrict sum = bias.data();
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < layer.out_padded; j++) sum[j] += dy[i * layer.out_padded + j];
    }

    void add_to(const Layer<T>& layer, T* w, T* b) const {
        for (int j = 0; j < layer.out; j++) {
            for (int k = 0; k < layer.in; k++) w[j * layer.in + k] += weight[j * layer.in_padded + k];
            b[j] += bias[j];
        }
    }
};

}  // namespace

// The caller's arguments; the same layout as `Task` in pair_effects.py.
template <typename T>
struct Task {
    int64_t graphs, hidden, effect, itself, threads;
    const int64_t *first_receiver, *first_sender;
    const T *a, *c, *weight, *w2, *b2, *w3, *b3;
};

namespace {

template <typename T>
struct Worker {
    const Task<T>& task;
    const Layer<T>&second, &third;
    const int hidden, effect;  // padded
    LayerGradient<T> second_gradient, third_gradient;
    Array<T> receivers, senders, h1, h2, effects, d1, d2, d3;
    std::vector<int> to, from;
    std::vector<T> weights;

    Worker(const Task<T>& t, const Layer<T>& l2, const Layer<T>& l3)
        : task(t), second(l2), third(l3), hidden(l2.in_padded), effect(l3.out_padded), second_gradient(l2),
          third_gradient(l3), h1(BLOCK * hidden), h2(BLOCK * hidden), effects(BLOCK * effect), d1(BLOCK * hidden),
          d2(BLOCK * hidden), d3(BLOCK * effect) {}

    static void load(const T* rows, int64_t begin, int64_t end, int64_t width, int stride, Array<T>& target) {
        target.assign((end - begin) * stride, T(0));
        for (int64_t i = begin; i < end; i++) std::copy_n(rows + i * width, width, &target[(i - begin) * stride]);
    }

    static void store(const Array<T>& source, int stride, int64_t width, T* rows) {
        for (std::size_t i = 0; i * stride < source.size(); i++) std::copy_n(&source[i * stride], width, rows + i * width);
    }

    void list_edges(int64_t n_receivers, int64_t n_senders, const T* weight) {
        to.clear(), from.clear(), weights.clear();
        for (int r = 0; r < n_receivers; r++)
            for (int s = 0; s < n_senders; s++) {
                const T times = weight[s] - (task.itself && r == s);
                if (times != 0) to.push_back(r), from.push_back(s), weights.push_back(times);
            }
    }

    // Fill h1, h2 and effects with the edges of a graph, a block at a time: visit(edges, receivers, senders, weights).
    template <typename Visit>
    void each_block(int64_t graph, Visit visit) {
        const int64_t r0 = task.first_receiver[graph], r1 = task.first_receiver[graph + 1];
        const int64_t s0 = task.first_sender[graph], s1 = task.first_sender[graph + 1];
        load(task.a, r0, r1, task.hidden, hidden, receivers);
        load(task.c, s0, s1, task.hidden, hidden, senders);
        list_edges(r1 - r0, s1 - s0, task.weight + s0);
        for (std::size_t start = 0; start < to.size(); start += BLOCK) {
            const int edges = std::min<std::size_t>(BLOCK, to.size() - start);
            for (int i = 0; i < edges; i++) {
                const T* __restrict p = &receivers[to[start + i] * hidden];
                const T* __restrict q = &senders[from[start + i] * hidden];
                T* __restrict h = &h1[i * hidden];
                for (int k = 0; k < hidden; k++) h[k] = p[k] + q[k] < 0 ? T(0) : p[k] + q[k];
            }
            second.forward(edges, h1.data(), h2.data());
            third.forward(edges, h2.data(), effects.data());
            visit(edges, &to[start], &from[start], &weights[start]);
        }
    }

    void forward(int64_t graph, T* output) {
        const int64_t r0 = task.first_receiver[graph], r1 = task.first_receiver[graph + 1];
        Array<T> sums((r1 - r0) * effect);
        each_block(graph, [&](int edges, const int* r, const int*, const T* times) {
            for (int i = 0; i < edges; i++) {
                T* __restrict sum = &sums[r[i] * effect];
                const T* __restrict e = &effects[i * effect];
                for (int j = 0; j < effect; j++) sum[j] += times[i] * e[j];
            }
        });
        store(sums, effect, task.effect, output + r0 * task.effect);
    }

    void backward(int64_t graph, const T* gradient, T* da, T* dc) {
        const int64_t r0 = task.first_receiver[graph], r1 = task.first_receiver[graph + 1];
        const int64_t s0 = task.first_sender[graph], s1 = task.first_sender[graph + 1];
        Array<T> above, to_receivers((r1 - r0) * hidden), to_senders((s1 - s0) * hidden);
        load(gradient, r0, r1, task.effect, effect, above);
        each_block(graph, [&](int edges, const int* r, const int* s, const T* times) {
            for (int i = 0; i < edges; i++) {
                const T* __restrict e = &effects[i * effect];
                const T* __restrict g = &above[r[i] * effect];
                T* __restrict d = &d3[i * effect];
                for (int j = 0; j < effect; j++) d[j] = e[j] > 0 ? times[i] * g[j] : T(0);
            }
            third_gradient.add(third, edges, h2.data(), d3.data());
            third.backward(edges, h2.data(), d3.data(), d2.data());
            second_gradient.add(second, edges, h1.data(), d2.data());
            second.backward(edges, h1.data(), d2.data(), d1.data());
            for (int i = 0; i < edges; i++) {
                T* __restrict p = &to_receivers[r[i] * hidden];
                T* __restrict q = &to_senders[s[i] * hidden];
                const T* __restrict d = &d1[i * hidden];
                for (int k = 0; k < hidden; k++) p[k] += d[k], q[k] += d[k];
            }
        });
        store(to_receivers, hidden, task.hidden, da + r0 * task.hidden);
        store(to_senders, hidden, task.hidden, dc + s0 * task.hidden);
    }
};

// First graph of each thread; all threads have about as many edges.
template <typename T>
std::vector<int64_t> shares(const Task<T>& task) {
    std::vector<int64_t> edges(task.graphs + 1), first(task.threads + 1, task.graphs);
    for (int64_t g = 0; g < task.graphs; g++)
        edges[g + 1] = edges[g] + (task.first_receiver[g + 1] - task.first_receiver[g]) *
                                      (task.first_sender[g + 1] - task.first_sender[g]);
    for (int64_t t = 0; t < task.threads; t++)
        first[t] = std::lower_bound(edges.begin(), edges.end() - 1, edges.back() * t / task.threads) - edges.begin();
    return first;
}

// Let each thread's worker do its graphs, then collect(worker) in order.
template <typename T, typename Work, typename Collect>
void run(const Task<T>& task, Work work, Collect collect) {
    const Layer<T> second(task.w2, task.b2, task.hidden, task.hidden), third(task.w3, task.b3, task.hidden, task.effect);
    const std::vector<int64_t> first = shares(task);
    std::vector<Worker<T>> workers(task.threads, Worker<T>(task, second, third));
    auto turn = [&](int64_t t) {
        for (int64_t graph = first[t]; graph < first[t + 1]; graph++) work(workers[t], graph);
    };
    std::vector<std::thread> others;
    for (int64_t t = 1; t < task.threads; t++) others.emplace_back(turn, t);
    turn(0);
    for (std::thread& other : others) other.join();
    for (const Worker<T>& worker : workers) collect(worker);
}

template <typename T>
void forward(const Task<T>& task, T* effects) {
    run(task, [&](Worker<T>& worker, int64_t graph) { worker.forward(graph, effects); }, [](const Worker<T>&) {});
}

template <typename T>
void backward(const Task<T>& task, const T* gradient, T* da, T* dc, T* dw2, T* db2, T* dw3, T* db3) {
    run(task, [&](Worker<T>& worker, int64_t graph) { worker.backward(graph, gradient, da, dc); },
        [&](const Worker<T>& worker) {
            worker.second_gradient.add_to(worker.second, dw2, db2);
            worker.third_gradient.add_to(worker.third, dw3, db3);
        });
}

}  // namespace

extern "C" {

void forward_float32(const Task<float>* task, float* effects) { forward(*task, effects); }
void forward_float64(const Task<double>* task, double* effects) { forward(*task, effects); }
void backward_float32(const Task<float>* task, const float* gradient, float* da, float* dc, float* dw2, float* db2,
                      float* dw3, float* db3) {
    backward(*task, gradient, da, dc, dw2, db2, dw3, db3);
}
void backward_float64(const Task<double>* task, const double* gradient, double* da, double* dc, double* dw2,
                      double* db2, double* dw3, double* db3) {
    backward(*task, gradient, da, dc, dw2, db2, dw3, db3);
}
}
