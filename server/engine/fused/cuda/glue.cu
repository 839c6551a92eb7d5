// Everything between two convolutions, in one kernel: it reads a view and stores what that shows.

enum Border { INSIDE, CONSTANT, REFLECT, EDGE };
enum Sampling { SAME, TAPS, SMOOTH, NEAREST };

// A view: what is done to a picture, in this order: norm, activation, residual, inner border, sampling, outer border.
struct Glue {
    T* out;
    View source;
    View residual;
    const float* factor;  // one for each channel; null without a norm
    const float* offset;
    const float* taps;
    Index first_row;  // the row of the result, outer border included, that `out` begins with
    int channels, height, width;  // of the source
    int sampled_height, sampled_width;
    int out_width, rows;  // of the result, outer border included; `rows` of it are wanted
    int inner_border, inner_top, inner_left;
    float inner_value;
    int outer_border, outer_top, outer_left;
    float outer_value;
    int activation;
    float slope;
    int kernel_height, kernel_width;
    int stride_height, stride_width;  // of taps; the factors of an enlargement otherwise
};

// Where along an axis of `length` the pixel comes from that a border shows at `place`; -1 for the border's constant.
__device__ __forceinline__ int shown(int place, int length, int border) {
    if (place >= 0 && place < length) return place;
    if (border == REFLECT) return place < 0 ? -place : 2 * (length - 1) - place;
    if (border == EDGE) return place < 0 ? 0 : length - 1;
    return -1;
}

template <int N> __device__ __forceinline__ Values<N> by_channel(const float* values, int channel) {
    return *reinterpret_cast<const Values<N>*>(values + channel);
}

// The norm of a thread's channels, which are the same for all of its pixels.
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

// The source's pixel with norm, activation and residual.
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

// Bilinear with half-pixel centres; outside, the pixels at the edge are repeated.
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

// A thread computes ROWS rows, one below the other, and reads the norm once for all. It reads all rows before it writes
// any, so that the reads overlap.
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
