// What lies between two convolutions. Pictures lie channels last. T is a value in memory: float, or with HALF the bits
// of a half, for which there is no type without the toolkit's headers; all arithmetic is in float.

#ifdef HALF
typedef unsigned short T;

__device__ __forceinline__ float wide(T value) {
    float result;
    asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(value));
    return result;
}

__device__ __forceinline__ T narrow(float value) {
    T result;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result) : "f"(value));
    return result;
}
#else
typedef float T;

__device__ __forceinline__ float wide(T value) { return value; }

__device__ __forceinline__ T narrow(float value) { return value; }
#endif

typedef long long Index;

// As many values as a thread reads and writes at once: 16 bytes, or one where channels are no multiple of that.
#define WIDE (16 / (int)sizeof(T))

template <int N> struct __align__(N * sizeof(T)) Pack { T values[N]; };

// A picture within one that is `pitch` pixels wide and begins at pixel `first` of it; null when there is none.
struct View {
    const T* data;
    Index first;
    Index pitch;
};

enum Activation { LINEAR, LEAKY, TANH };
enum Border { INSIDE, CONSTANT, REFLECT, EDGE };
enum Sampling { SAME, TAPS, SMOOTH, NEAREST };

// What makes one picture of another: norm and activation, a residual, a border, sampling, another border.
struct Glue {
    T* out;
    View source;
    View residual;
    const float* factor;  // by channel; null without a norm
    const float* offset;
    const float* taps;
    Index first_row;  // of the result with its border; `out` begins with it
    int channels, height, width;  // of the source
    int sampled_height, sampled_width;
    int out_width, rows;  // with its border; so many rows are wanted
    int inner_border, inner_top, inner_left;
    float inner_value;
    int outer_border, outer_top, outer_left;
    float outer_value;
    int activation;
    float slope;
    int kernel_height, kernel_width;
    int stride_height, stride_width;  // of taps; otherwise how many times as large the result is
};

// The place that is shown at `place`, or -1 where the border's constant is.
__device__ __forceinline__ int shown(int place, int length, int border) {
    if (place >= 0 && place < length) return place;
    if (border == REFLECT) return place < 0 ? -place : 2 * (length - 1) - place;
    if (border == EDGE) return place < 0 ? 0 : length - 1;
    return -1;
}

__device__ __forceinline__ float activated(float value, int activation, float slope) {
    if (activation == LEAKY) return value > 0.0f ? value : value * slope;
    if (activation == TANH) return tanhf(value);
    return value;
}

template <int N> struct __align__(4 * N) Values { float values[N]; };

template <int N>
__device__ __forceinline__ Values<N> loaded(const View& view, int row, int column, int channels, int channel) {
    Index place = (view.first + row * view.pitch + column) * channels + channel;
    Pack<N> pack = *reinterpret_cast<const Pack<N>*>(view.data + place);
    Values<N> result;
#pragma unroll
    for (int i = 0; i < N; i++) result.values[i] = wide(pack.values[i]);
    return result;
}

template <int N> __device__ __forceinline__ Values<N> by_channel(const float* values, int channel) {
    return *reinterpret_cast<const Values<N>*>(values + channel);
}

// What is the same for all pixels of a thread: it sees a few channels only.
template <int N> struct Norm {
    Values<N> factor, offset;
};

template <int N> __device__ __forceinline__ Norm<N> norm_of(const Glue& glue, int channel) {
    Norm<N> norm;
    if (glue.factor) {
        norm.factor = by_channel<N>(glue.factor, channel);
        norm.offset = by_channel<N>(glue.offset, channel);
    } else {
#pragma unroll
        for (int i = 0; i < N; i++) norm.factor.values[i] = 1.0f, norm.offset.values[i] = 0.0f;
    }
    return norm;
}

// Of the source, with norm, activation and residual.
template <int N>
__device__ __forceinline__ Values<N> value(const Glue& glue, const Norm<N>& norm, int row, int column, int channel) {
    Values<N> result = loaded<N>(glue.source, row, column, glue.channels, channel);
#pragma unroll
    for (int i = 0; i < N; i++) result.values[i] = result.values[i] * norm.factor.values[i] + norm.offset.values[i];
    if (glue.activation == LEAKY) {
#pragma unroll
        for (int i = 0; i < N; i++) result.values[i] = activated(result.values[i], LEAKY, glue.slope);
    } else if (glue.activation == TANH) {
#pragma unroll
        for (int i = 0; i < N; i++) result.values[i] = activated(result.values[i], TANH, glue.slope);
    }
    if (glue.residual.data) {
        Values<N> residual = loaded<N>(glue.residual, row, column, glue.channels, channel);
#pragma unroll
        for (int i = 0; i < N; i++) result.values[i] += residual.values[i];
    }
    return result;
}

template <int N> __device__ __forceinline__ Values<N> all(float value) {
    Values<N> result;
#pragma unroll
    for (int i = 0; i < N; i++) result.values[i] = value;
    return result;
}

template <int N> __device__ __forceinline__ void add(Values<N>& sum, const Values<N>& other, float weight) {
#pragma unroll
    for (int i = 0; i < N; i++) sum.values[i] += other.values[i] * weight;
}

template <int N>
__device__ __forceinline__ Values<N> tapped(const Glue& glue, const Norm<N>& norm, int row, int column, int channel) {
    Values<N> sum = all<N>(0.0f);
    for (int y = 0; y < glue.kernel_height; y++) {
        int from_row = shown(row * glue.stride_height + y - glue.inner_top, glue.height, glue.inner_border);
        for (int x = 0; x < glue.kernel_width; x++) {
            int from_column = shown(column * glue.stride_width + x - glue.inner_left, glue.width, glue.inner_border);
            bool is_there = from_row >= 0 && from_column >= 0;
            float weight = glue.taps[y * glue.kernel_width + x];
            add(sum, is_there ? value<N>(glue, norm, from_row, from_column, channel) : all<N>(glue.inner_value), weight);
        }
    }
    return sum;
}

// Bilinear, half-pixel centres, the edges go on outside.
template <int N>
__device__ __forceinline__ Values<N> smoothed(const Glue& glue, const Norm<N>& norm, int row, int column, int channel) {
    float y = (row + 0.5f) / glue.stride_height - 0.5f, x = (column + 0.5f) / glue.stride_width - 0.5f;
    float top = floorf(y), left = floorf(x);
    Values<N> sum = all<N>(0.0f);
#pragma unroll
    for (int i = 0; i < 4; i++) {
        int down = i / 2, right = i % 2;
        int from_row = min(max((int)top + down, 0), glue.height - 1);
        int from_column = min(max((int)left + right, 0), glue.width - 1);
        float weight = (down ? y - top : 1.0f - (y - top)) * (right ? x - left : 1.0f - (x - left));
        add(sum, value<N>(glue, norm, from_row, from_column, channel), weight);
    }
    return sum;
}

template <int N, int SAMPLING>
__device__ __forceinline__ Values<N> shown_at(const Glue& glue, const Norm<N>& norm, int row, int column, int channel) {
    if (row < 0 || column < 0) return all<N>(glue.outer_value);
    if (SAMPLING == TAPS) return tapped<N>(glue, norm, row, column, channel);
    if (SAMPLING == SMOOTH) return smoothed<N>(glue, norm, row, column, channel);
    if (SAMPLING == NEAREST)
        return value<N>(glue, norm, row / glue.stride_height, column / glue.stride_width, channel);
    return value<N>(glue, norm, row, column, channel);
}

// A thread goes down ROWS rows, for which it reads a norm once; it reads all of them before it writes.
template <int N, int SAMPLING, int ROWS> __device__ __forceinline__ void glue(const Glue& glue) {
    unsigned packs = glue.channels / N, place = blockIdx.x * blockDim.x + threadIdx.x;
    int out_column = place / packs, channel = place % packs * N, first = blockIdx.y * ROWS;
    if (out_column >= glue.out_width) return;
    Norm<N> norm = norm_of<N>(glue, channel);
    int column = shown(out_column - glue.outer_left, glue.sampled_width, glue.outer_border);
    Pack<N> packs_of_rows[ROWS];
#pragma unroll
    for (int i = 0; i < ROWS; i++) {
        int out_row = min(first + i, glue.rows - 1);
        int row = shown((int)(glue.first_row + out_row) - glue.outer_top, glue.sampled_height, glue.outer_border);
        Values<N> result = shown_at<N, SAMPLING>(glue, norm, row, column, channel);
#pragma unroll
        for (int k = 0; k < N; k++) packs_of_rows[i].values[k] = narrow(result.values[k]);
    }
#pragma unroll
    for (int i = 0; i < ROWS; i++) {
        if (first + i >= glue.rows) return;
        Index out = ((Index)(first + i) * glue.out_width + out_column) * glue.channels + channel;
        *reinterpret_cast<Pack<N>*>(glue.out + out) = packs_of_rows[i];
    }
}

#define GLUE(name, sampling, rows)                                                                     \
    extern "C" __global__ void name##_wide(const Glue given) { glue<WIDE, sampling, rows>(given); }   \
    extern "C" __global__ void name##_narrow(const Glue given) { glue<1, sampling, rows>(given); }

GLUE(same, SAME, 4)
GLUE(taps, TAPS, 1)
GLUE(smooth, SMOOTH, 1)
GLUE(nearest, NEAREST, 4)

// For each channel the sum of its values and of their squares, less one of its values, which keeps the squares from
// swallowing a variance that is small beside the mean. A block sums its share of the pixels:
// sums[block][channel] = (values, squares). 256 threads.
template <int N>
__device__ __forceinline__ void sums(
    const T* source, const T* one, Index pixels, int channels, float2* result
) {
    __shared__ float2 shared[256 * N];
    int packs = channels / N, together = min(packs, 256), rows = 256 / together;
    int lane = threadIdx.x % together, row = threadIdx.x / together, pack = blockIdx.y * together + lane;
    bool works = row < rows && pack < packs;
    float first[N], values[N], squares[N];
#pragma unroll
    for (int i = 0; i < N; i++) {
        first[i] = works ? wide(one[pack * N + i]) : 0.0f;
        values[i] = squares[i] = 0.0f;
    }
    if (works) {
        Index pixel = (Index)blockIdx.x * rows + row, step = (Index)gridDim.x * rows;
        const Pack<N>* packed = reinterpret_cast<const Pack<N>*>(source) + pixel * packs + pack;
#pragma unroll 4
        for (; pixel < pixels; pixel += step, packed += step * packs) {
            Pack<N> read = *packed;
#pragma unroll
            for (int i = 0; i < N; i++) {
                float x = wide(read.values[i]) - first[i];
                values[i] += x;
                squares[i] += x * x;
            }
        }
    }
#pragma unroll
    for (int i = 0; i < N; i++) shared[threadIdx.x * N + i] = make_float2(values[i], squares[i]);
    __syncthreads();
    if (row != 0 || !works) return;
#pragma unroll
    for (int i = 0; i < N; i++) {
        float2 sum = make_float2(0.0f, 0.0f);
        for (int other = 0; other < rows; other++) {
            float2 part = shared[(other * together + lane) * N + i];
            sum.x += part.x;
            sum.y += part.y;
        }
        result[(Index)blockIdx.x * channels + pack * N + i] = sum;
    }
}

extern "C" __global__ void sums_wide(
    const T* source, const T* one, Index pixels, int channels, float2* result
) {
    sums<WIDE>(source, one, pixels, channels, result);
}

extern "C" __global__ void sums_narrow(
    const T* source, const T* one, Index pixels, int channels, float2* result
) {
    sums<1>(source, one, pixels, channels, result);
}

// From the blocks' sums to what normalises: x * factor + offset. A block for each channel, 128 threads.
extern "C" __global__ void statistics(
    const T* one, const float2* sums, int blocks, Index pixels, int channels, const float* scale,
    const float* shift, float epsilon, float* factor, float* offset
) {
    __shared__ double values[128], squares[128];
    int channel = blockIdx.x, thread = threadIdx.x;
    double value = 0.0, square = 0.0;
    for (int block = thread; block < blocks; block += 128) {
        float2 sum = sums[(Index)block * channels + channel];
        value += sum.x;
        square += sum.y;
    }
    values[thread] = value;
    squares[thread] = square;
    for (int half = 64; half > 0; half /= 2) {
        __syncthreads();
        if (thread < half) {
            values[thread] += values[thread + half];
            squares[thread] += squares[thread + half];
        }
    }
    if (thread != 0) return;
    double away = values[0] / pixels, variance = squares[0] / pixels - away * away;
    double by = scale[channel] / sqrt(max(variance, 0.0) + (double)epsilon);
    factor[channel] = (float)by;
    offset[channel] = (float)(shift[channel] - (wide(one[channel]) + away) * by);
}

// From the caller's planes (channel after channel) to channels last. Whoever receives a picture takes back that another
// one had values that are not finite.
extern "C" __global__ void receive_planes(const float* planes, T* out, Index pixels, int channels, int* is_wrong) {
    Index place = (Index)blockIdx.x * blockDim.x + threadIdx.x;
    if (place == 0) *is_wrong = 0;
    if (place >= pixels * channels) return;
    out[place] = narrow(planes[place % channels * pixels + place / channels]);
}

// From 8-bit samples, `samples` for a pixel, of which three are red, green and blue, to values from -1 to 1. Step by step
// as on a processor, so that both see the same values.
extern "C" __global__ void receive_bytes(
    const unsigned char* bytes, T* out, Index pixels, int samples, int red, int green, int blue, int* is_wrong
) {
    Index pixel = (Index)blockIdx.x * blockDim.x + threadIdx.x;
    if (pixel == 0) *is_wrong = 0;
    if (pixel >= pixels) return;
    int places[3] = {red, green, blue};
#pragma unroll
    for (int i = 0; i < 3; i++) {
        float share = __fdiv_rn((float)bytes[pixel * samples + places[i]], 255.0f);
        out[pixel * 3 + i] = narrow(__fadd_rn(__fmul_rn(share, 2.0f), -1.0f));
    }
}

__device__ __forceinline__ float last(
    const View& source, const float* factor, const float* offset, int activation, float slope, Index pixel, int width,
    int channels, int channel, int* is_wrong
) {
    float x = loaded<1>(source, pixel / width, pixel % width, channels, channel).values[0];
    if (factor) x = x * factor[channel] + offset[channel];
    x = activated(x, activation, slope);
    if (!isfinite(x)) *is_wrong = 1;
    return x;
}

// And back, with what was left to do.
extern "C" __global__ void deliver_planes(
    const View source, const float* factor, const float* offset, int activation, float slope, float* planes,
    Index pixels, int width, int channels, int* is_wrong
) {
    Index place = (Index)blockIdx.x * blockDim.x + threadIdx.x;
    if (place >= pixels * channels) return;
    int channel = (int)(place / pixels);
    planes[place] =
        last(source, factor, offset, activation, slope, place % pixels, width, channels, channel, is_wrong);
}

// To 8-bit samples, rounded half up.
extern "C" __global__ void deliver_bytes(
    const View source, const float* factor, const float* offset, int activation, float slope, unsigned char* bytes,
    Index pixels, int width, int channels, int* is_wrong, int samples, int red, int green, int blue
) {
    Index place = (Index)blockIdx.x * blockDim.x + threadIdx.x;
    if (place >= pixels * channels) return;
    int channel = (int)(place % channels);
    float x = last(source, factor, offset, activation, slope, place / channels, width, channels, channel, is_wrong);
    x = __fdiv_rn(__fadd_rn(fminf(fmaxf(x, -1.0f), 1.0f), 1.0f), 2.0f);
    int sample = channel == 0 ? red : channel == 1 ? green : blue;
    bytes[place / channels * samples + sample] = (unsigned char)floorf(__fadd_rn(__fmul_rn(x, 255.0f), 0.5f));
}
