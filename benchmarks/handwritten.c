/* The opponent of compiled.py: gradients of multilayer perceptrons in C written by hand.

       gcc -O3 -march=native -ffast-math -shared -fPIC handwritten.c -o handwritten.so -lmvec -lm

   Plain loops over structures of arrays, which gcc turns into vector code; and once, `tiled_gradient`, what is faster
   still with gcc's vector types and a layout made for this one network.

   Data are columns, the inputs and then the targets: each of `stride` numbers, a multiple of 8, of which the first n
   are samples. Parameters and gradients lie as in MLP.parameters(): of each layer, of each neuron, its weights and then
   its bias. `work` has room for BLOCK numbers for each neuron, and for twice the widest layer. */

#include <math.h>
#include <string.h>

#ifdef __AVX512F__
#pragma GCC target("prefer-vector-width=512") /* which gcc 12 leaves unused otherwise */
#endif

#define INLINE static inline __attribute__((always_inline))
#define BLOCK 104 /* samples at a time: 13 vectors of 8, so that their activations stay in the caches */

enum activation { RELU, SIGMOID, TANH };
enum loss { HINGE, SQUARES };

/* z[j][s] += Σ_k w[j·wj + k·wk]·x[k][s]: four rows by four terms at a time, so that each number loaded is used four
   times. */
INLINE void multiply(int rows, int terms, int m, const double *restrict w, long wj, long wk, const double *restrict x,
                     long xs, double *restrict z)
{
    for (int j = 0; j + 4 <= rows; j += 4) {
        const double *restrict p = w + j * wj, *restrict q = p + wj, *restrict r = q + wj, *restrict t = r + wj;
        double *restrict z0 = z + (long)j * BLOCK, *restrict z1 = z0 + BLOCK, *restrict z2 = z1 + BLOCK,
               *restrict z3 = z2 + BLOCK;
        for (int k = 0; k + 4 <= terms; k += 4) {
            const double *restrict x0 = x + k * xs, *restrict x1 = x0 + xs, *restrict x2 = x1 + xs,
                         *restrict x3 = x2 + xs;
            long a = k * wk, b = a + wk, c = b + wk, d = c + wk;
            for (int s = 0; s < m; s++) {
                double u = x0[s], v = x1[s], y = x2[s], h = x3[s];
                z0[s] += p[a] * u + p[b] * v + p[c] * y + p[d] * h;
                z1[s] += q[a] * u + q[b] * v + q[c] * y + q[d] * h;
                z2[s] += r[a] * u + r[b] * v + r[c] * y + r[d] * h;
                z3[s] += t[a] * u + t[b] * v + t[c] * y + t[d] * h;
            }
        }
        for (int k = terms / 4 * 4; k < terms; k++)
            for (int s = 0; s < m; s++) {
                double u = x[k * xs + s];
                z0[s] += p[k * wk] * u;
                z1[s] += q[k * wk] * u;
                z2[s] += r[k * wk] * u;
                z3[s] += t[k * wk] * u;
            }
    }
    for (int j = rows / 4 * 4; j < rows; j++)
        for (int k = 0; k < terms; k++)
            for (int s = 0; s < m; s++)
                z[(long)j * BLOCK + s] += w[j * wj + k * wk] * x[k * xs + s];
}

INLINE void put(double *place, double sum, int first) { *place = first ? sum : *place + sum; }

/* g[j·gs + k] += Σ_s d[j][s]·x[k][s], = in the first block: sixteen sums at a time. */
INLINE void outer(int rows, int columns, int m, const double *restrict d, const double *restrict x, long xs,
                  double *restrict g, long gs, int first)
{
    for (int j = 0; j + 4 <= rows; j += 4) {
        const double *restrict d0 = d + (long)j * BLOCK, *restrict d1 = d0 + BLOCK, *restrict d2 = d1 + BLOCK,
                     *restrict d3 = d2 + BLOCK;
        double *restrict g0 = g + j * gs, *restrict g1 = g0 + gs, *restrict g2 = g1 + gs, *restrict g3 = g2 + gs;
        for (int k = 0; k + 4 <= columns; k += 4) {
            const double *restrict x0 = x + k * xs, *restrict x1 = x0 + xs, *restrict x2 = x1 + xs,
                         *restrict x3 = x2 + xs;
            double a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0;
            double c0 = 0, c1 = 0, c2 = 0, c3 = 0, e0 = 0, e1 = 0, e2 = 0, e3 = 0;
            for (int s = 0; s < m; s++) {
                double p = d0[s], q = d1[s], r = d2[s], t = d3[s], u = x0[s], v = x1[s], y = x2[s], h = x3[s];
                a0 += p * u, a1 += p * v, a2 += p * y, a3 += p * h;
                b0 += q * u, b1 += q * v, b2 += q * y, b3 += q * h;
                c0 += r * u, c1 += r * v, c2 += r * y, c3 += r * h;
                e0 += t * u, e1 += t * v, e2 += t * y, e3 += t * h;
            }
            put(g0 + k, a0, first), put(g0 + k + 1, a1, first), put(g0 + k + 2, a2, first), put(g0 + k + 3, a3, first);
            put(g1 + k, b0, first), put(g1 + k + 1, b1, first), put(g1 + k + 2, b2, first), put(g1 + k + 3, b3, first);
            put(g2 + k, c0, first), put(g2 + k + 1, c1, first), put(g2 + k + 2, c2, first), put(g2 + k + 3, c3, first);
            put(g3 + k, e0, first), put(g3 + k + 1, e1, first), put(g3 + k + 2, e2, first), put(g3 + k + 3, e3, first);
        }
        for (int k = columns / 4 * 4; k < columns; k++) {
            double a = 0, b = 0, c = 0, e = 0;
            for (int s = 0; s < m; s++) {
                double u = x[k * xs + s];
                a += d0[s] * u, b += d1[s] * u, c += d2[s] * u, e += d3[s] * u;
            }
            put(g0 + k, a, first), put(g1 + k, b, first), put(g2 + k, c, first), put(g3 + k, e, first);
        }
    }
    for (int j = rows / 4 * 4; j < rows; j++)
        for (int k = 0; k < columns; k++) {
            double a = 0;
            for (int s = 0; s < m; s++)
                a += d[(long)j * BLOCK + s] * x[k * xs + s];
            put(g + j * gs + k, a, first);
        }
}

INLINE void activate(enum activation f, int m, double *restrict z)
{
    for (int s = 0; s < m; s++)
        z[s] = f == RELU ? (z[s] > 0 ? z[s] : 0) : f == TANH ? tanh(z[s]) : 1 / (1 + exp(-z[s]));
}

/* d[s] *= f'(z), from h = f(z). */
INLINE void slope(enum activation f, int m, const double *restrict h, double *restrict d)
{
    for (int s = 0; s < m; s++)
        d[s] *= f == RELU ? (h[s] > 0 ? 1.0 : 0.0) : f == TANH ? 1 - h[s] * h[s] : h[s] * (1 - h[s]);
}

/* The loss of a row of outputs, and in d its derivatives by them, of the mean over n. */
INLINE double losses(enum loss kind, int m, int n, const double *restrict z, const double *restrict y,
                     double *restrict d)
{
    double sum = 0, share = 1.0 / n;
    for (int s = 0; s < m; s++) {
        double margin = 1 - y[s] * z[s], rest = z[s] - y[s];
        sum += kind == HINGE ? (margin > 0 ? margin : 0) : rest * rest;
        d[s] = kind == HINGE ? (margin > 0 ? -y[s] * share : 0) : 2 * rest * share;
    }
    return sum * share;
}

/* The mean loss, and in grad its gradient. */
INLINE double mean_loss(int layers, const int *sizes, enum activation f, enum loss kind, const double *restrict theta,
                        const double *restrict columns, long stride, int n, double *restrict grad,
                        double *restrict work)
{
    int widest = 0;
    long end = 0;
    double sum = 0, *d = work, *before, *spare;
#pragma GCC unroll 4
    for (int l = 1; l <= layers; l++) {
        end += (sizes[l - 1] + 1L) * sizes[l];
        widest = sizes[l] > widest ? sizes[l] : widest;
    }
    before = work + (long)widest * BLOCK;
    for (int start = 0; start < n; start += BLOCK) {
        int real = n - start < BLOCK ? n - start : BLOCK, m = (real + 7) / 8 * 8;
        const double *x = columns + start;
        double *z = work + 2L * widest * BLOCK;
        const double *w = theta;
        long xs = stride;
#pragma GCC unroll 4
        for (int l = 1; l <= layers; l++) {
            int nin = sizes[l - 1], nout = sizes[l];
            for (int j = 0; j < nout; j++)
                for (int s = 0; s < m; s++)
                    z[(long)j * BLOCK + s] = w[j * (nin + 1L) + nin];
            multiply(nout, nin, m, w, nin + 1, 1, x, xs, z);
            if (l < layers)
                for (int j = 0; j < nout; j++)
                    activate(f, m, z + (long)j * BLOCK);
            x = z, xs = BLOCK, w += (nin + 1L) * nout, z += (long)nout * BLOCK;
        }
        for (int j = 0; j < sizes[layers]; j++) {
            sum += losses(kind, real, n, x + (long)j * BLOCK, columns + (sizes[0] + j) * stride + start,
                          d + (long)j * BLOCK);
            for (int s = real; s < m; s++)
                d[(long)j * BLOCK + s] = 0;
        }
        double *g = grad + end;
#pragma GCC unroll 4
        for (int l = layers; l >= 1; l--) {
            int nin = sizes[l - 1], nout = sizes[l];
            x = l > 1 ? x - (long)nin * BLOCK : columns + start;
            xs = l > 1 ? BLOCK : stride;
            w -= (nin + 1L) * nout, g -= (nin + 1L) * nout;
            outer(nout, nin, m, d, x, xs, g, nin + 1, start == 0);
            for (int j = 0; j < nout; j++) {
                double b = 0;
                for (int s = 0; s < m; s++)
                    b += d[(long)j * BLOCK + s];
                put(g + j * (nin + 1L) + nin, b, start == 0);
            }
            if (l == 1)
                break;
            for (long s = 0; s < (long)nin * BLOCK; s++)
                before[s] = 0;
            multiply(nin, nout, m, w, 1, nin + 1, d, BLOCK, before);
            for (int k = 0; k < nin; k++)
                slope(f, m, x + (long)k * BLOCK, before + (long)k * BLOCK);
            spare = d, d = before, before = spare;
        }
    }
    return sum;
}

static const int MOONS[] = {2, 16, 16, 1};
#define PARAMETERS 337

/* Of MLP(2, [16, 16, 1]) with hinge loss: sizes that gcc knows. */
double gradient(enum activation f, const double *theta, const double *columns, long stride, int n, double *grad,
                double *work)
{
    switch (f) {
    case RELU:
        return mean_loss(3, MOONS, RELU, HINGE, theta, columns, stride, n, grad, work);
    case SIGMOID:
        return mean_loss(3, MOONS, SIGMOID, HINGE, theta, columns, stride, n, grad, work);
    default:
        return mean_loss(3, MOONS, TANH, HINGE, theta, columns, stride, n, grad, work);
    }
}

/* A whole training run of so many steps; the loss before the last. */
double train(double *theta, const double *columns, long stride, int n, double rate, long steps, double *grad,
             double *work)
{
    double loss = 0;
    for (long step = 0; step < steps; step++) {
        loss = gradient(RELU, theta, columns, stride, n, grad, work);
        for (int i = 0; i < PARAMETERS; i++)
            theta[i] -= rate * grad[i];
    }
    return loss;
}

/* Of a network of any size with the sum of squares as its loss. */
double network_gradient(int layers, const int *sizes, enum activation f, const double *theta, const double *columns,
                        long stride, int n, double *grad, double *work)
{
    if (f == RELU)
        return mean_loss(layers, sizes, RELU, SQUARES, theta, columns, stride, n, grad, work);
    return mean_loss(layers, sizes, TANH, SQUARES, theta, columns, stride, n, grad, work);
}

/* The fastest found: the 16 neurons of a layer are two vectors, so that no sum over samples crosses a vector's lanes,
   and eight samples, or eight rows of a gradient, stay in registers. */

typedef double vector __attribute__((vector_size(64)));
typedef long long bits __attribute__((vector_size(64)));

#define WIDTH 16
#define TILE 8

INLINE vector where_positive(vector z, vector x) { return (vector)((z > 0) & (bits)x); }

/* z[s] = b + Σ_k x[s][k]·w[k], for a number of samples that is a multiple of the tile. */
static void tiled_layer(int m, vector (*restrict x)[2], vector (*restrict w)[2], const vector *b,
                        vector (*restrict z)[2])
{
    for (int s = 0; s < m; s += TILE) {
        vector sums[TILE][2];
#pragma GCC unroll 8
        for (int i = 0; i < TILE; i++)
            sums[i][0] = b[0], sums[i][1] = b[1];
#pragma GCC unroll 4
        for (int k = 0; k < WIDTH; k++) {
            vector left = w[k][0], right = w[k][1];
#pragma GCC unroll 8
            for (int i = 0; i < TILE; i++) {
                double number = ((double *)x[s + i])[k];
                sums[i][0] += number * left, sums[i][1] += number * right;
            }
        }
#pragma GCC unroll 8
        for (int i = 0; i < TILE; i++)
            z[s + i][0] = sums[i][0], z[s + i][1] = sums[i][1];
    }
}

/* As `gradient` with relu. */
double tiled_gradient(const double *restrict theta, const double *restrict columns, long stride, int n,
                      double *restrict grad)
{
    vector h1[BLOCK][2], h2[BLOCK][2], d[BLOCK][2], w2[WIDTH][2], transposed[WIDTH][2];
    vector wx[2], wy[2], b1[2], b2[2], w3[2], zero[2] = {0};
    vector g2[WIDTH][2] = {0}, gx[2] = {0}, gy[2] = {0}, gb1[2] = {0}, gb2[2] = {0}, g3[2] = {0};
    double gb3 = 0, sum = 0, b3 = theta[PARAMETERS - 1], share = 1.0 / n;
    const double *second = theta + 3 * WIDTH, *third = second + 17 * WIDTH;
    for (int j = 0; j < WIDTH; j++) {
        ((double *)wx)[j] = theta[3 * j], ((double *)wy)[j] = theta[3 * j + 1], ((double *)b1)[j] = theta[3 * j + 2];
        memcpy(w2[j], second + 17 * j, sizeof w2[j]);
        ((double *)b2)[j] = second[17 * j + 16];
    }
    for (int k = 0; k < WIDTH; k++)
        for (int j = 0; j < WIDTH; j++)
            ((double *)transposed[k])[j] = second[17 * j + k];
    memcpy(w3, third, sizeof w3);
    for (int start = 0; start < n; start += BLOCK) {
        int real = n - start < BLOCK ? n - start : BLOCK, m = (real + 7) / 8 * 8;
        const double *x = columns + start, *y = x + stride, *target = y + stride;
        for (int s = 0; s < m; s++)
            for (int i = 0; i < 2; i++) {
                vector z = b1[i] + wx[i] * x[s] + wy[i] * y[s];
                h1[s][i] = where_positive(z, z);
            }
        tiled_layer(m, h1, transposed, b2, h2);
        for (int s = 0; s < m; s++) {
            vector left = where_positive(h2[s][0], h2[s][0]), right = where_positive(h2[s][1], h2[s][1]);
            vector p = w3[0] * left + w3[1] * right;
            double score = b3 + (((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7])));
            double margin = s < real ? 1 - target[s] * score : 0, slope = margin > 0 ? -target[s] : 0;
            sum += margin > 0 ? margin : 0;
            gb3 += slope;
            g3[0] += slope * left, g3[1] += slope * right;
            d[s][0] = where_positive(left, slope * w3[0]), d[s][1] = where_positive(right, slope * w3[1]);
            gb2[0] += d[s][0], gb2[1] += d[s][1];
        }
        for (int j = 0; j < WIDTH; j += TILE) {
            vector sums[TILE][2];
#pragma GCC unroll 8
            for (int i = 0; i < TILE; i++)
                sums[i][0] = g2[j + i][0], sums[i][1] = g2[j + i][1];
            for (int s = 0; s < m; s++) {
                const double *numbers = (double *)d[s] + j;
                vector left = h1[s][0], right = h1[s][1];
#pragma GCC unroll 8
                for (int i = 0; i < TILE; i++)
                    sums[i][0] += numbers[i] * left, sums[i][1] += numbers[i] * right;
            }
#pragma GCC unroll 8
            for (int i = 0; i < TILE; i++)
                g2[j + i][0] = sums[i][0], g2[j + i][1] = sums[i][1];
        }
        tiled_layer(m, d, w2, zero, h2);
        for (int s = 0; s < m; s++)
            for (int i = 0; i < 2; i++) {
                vector slope = where_positive(h1[s][i], h2[s][i]);
                gx[i] += slope * x[s], gy[i] += slope * y[s], gb1[i] += slope;
            }
    }
    for (int j = 0; j < WIDTH; j++) {
        double *g = grad + 3 * j, *row = grad + 3 * WIDTH + 17 * j;
        g[0] = ((double *)gx)[j] * share, g[1] = ((double *)gy)[j] * share, g[2] = ((double *)gb1)[j] * share;
        for (int k = 0; k < WIDTH; k++)
            row[k] = ((double *)g2[j])[k] * share;
        row[16] = ((double *)gb2)[j] * share;
        grad[20 * WIDTH + j] = ((double *)g3)[j] * share;
    }
    grad[PARAMETERS - 1] = gb3 * share;
    return sum * share;
}
