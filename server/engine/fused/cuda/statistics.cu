// Mean and variance of every channel, to the last digits. float sums are of few values only, and of what is left when a
// value near the mean is taken from all, for otherwise squares would lose the digits of a variance that is small compared
// to the mean. Parts are joined as in tiled/pooled_statistics.py.

// The statistics of one block's share of a channel's values; `squares` is the sum of squared distances from the mean.
struct Part {
    float count, mean, squares;
};

#define AT_ONCE 32  // values that are summed before they join the others

// Joins `count` values to a thread's part, whose mean is counted from `first`: their sum and that of their squares are
// `sum` and `square`, all counted from `pivot`, which becomes the mean of both.
__device__ __forceinline__ void join(
    Part& part, float first, float& pivot, float count, float sum, float square
) {
    float away = sum / count, apart = (pivot - first) + away - part.mean;
    float share = count / (part.count + count);
    part.squares += fmaxf(square - sum * away, 0.0f) + apart * apart * (part.count * share);
    part.mean += apart * share;
    part.count += count;
    pivot = first + part.mean;
}

// A block of 256 threads measures its share of the pixels: result[block][channel].
template <int N>
__device__ __forceinline__ void sums(const T* source, Index pixels, int channels, Part* result) {
    __shared__ Part shared[256 * N];
    int packs = channels / N, together = min(packs, 256), rows = 256 / together;
    int lane = threadIdx.x % together, row = threadIdx.x / together, pack = blockIdx.y * together + lane;
    bool works = row < rows && pack < packs;
    Index begin = (Index)blockIdx.x * rows, step = (Index)gridDim.x * rows;
    Index left = begin + row < pixels ? (pixels - begin - row + step - 1) / step : 0;
    // What the means of all threads are counted from.
    const T* near = source + min(begin, pixels - 1) * channels + pack * N;
    Part parts[N];
#pragma unroll
    for (int i = 0; i < N; i++) parts[i].count = parts[i].mean = parts[i].squares = 0.0f;
    if (works && left > 0) {
        const Pack<N>* packed = reinterpret_cast<const Pack<N>*>(source) + (begin + row) * packs + pack;
        float pivots[N];
#pragma unroll
        for (int i = 0; i < N; i++) pivots[i] = wide(packed->values[i]);
        for (; left > 0; left -= AT_ONCE) {
            int count = (int)min(left, (Index)AT_ONCE);
            float values[N], squares[N];
#pragma unroll
            for (int i = 0; i < N; i++) values[i] = squares[i] = 0.0f;
#pragma unroll 4
            for (int k = 0; k < count; k++, packed += step * packs) {
                Pack<N> read = *packed;
#pragma unroll
                for (int i = 0; i < N; i++) {
                    float x = wide(read.values[i]) - pivots[i];
                    values[i] += x;
                    squares[i] += x * x;
                }
            }
#pragma unroll
            for (int i = 0; i < N; i++)
                join(parts[i], wide(near[i]), pivots[i], (float)count, values[i], squares[i]);
        }
    }
#pragma unroll
    for (int i = 0; i < N; i++) shared[threadIdx.x * N + i] = parts[i];
    __syncthreads();
    if (row != 0 || !works) return;
#pragma unroll
    for (int i = 0; i < N; i++) {
        Part whole = {0.0f, 0.0f, 0.0f};
        for (int other = 0; other < rows; other++) {
            const Part& part = shared[(other * together + lane) * N + i];
            whole.count += part.count;
            whole.mean += part.mean * part.count;
        }
        whole.mean /= fmaxf(whole.count, 1.0f);
        for (int other = 0; other < rows; other++) {
            const Part& part = shared[(other * together + lane) * N + i];
            float apart = part.mean - whole.mean;
            whole.squares += part.squares + apart * apart * part.count;
        }
        whole.mean += wide(near[i]);
        result[(Index)blockIdx.x * channels + pack * N + i] = whole;
    }
}

extern "C" __global__ void sums_wide(const T* source, Index pixels, int channels, Part* result) {
    sums<WIDE>(source, pixels, channels, result);
}

extern "C" __global__ void sums_narrow(const T* source, Index pixels, int channels, Part* result) {
    sums<1>(source, pixels, channels, result);
}

// The sum of a value of each of 128 threads, for all of them.
__device__ __forceinline__ double total(double value, double* shared) {
    int thread = threadIdx.x;
    __syncthreads();
    shared[thread] = value;
    for (int half = 64; half > 0; half /= 2) {
        __syncthreads();
        if (thread < half) shared[thread] += shared[thread + half];
    }
    __syncthreads();
    return shared[0];
}

// From the blocks' parts to what normalises, x * factor + offset. One block of 128 threads for each channel.
extern "C" __global__ void statistics(
    const Part* parts, int blocks, int channels, const float* scale, const float* shift, float epsilon, float* factor,
    float* offset
) {
    __shared__ double shared[128];
    int channel = blockIdx.x;
    double count = 0.0, value = 0.0, square = 0.0;
    for (int block = threadIdx.x; block < blocks; block += 128) {
        Part part = parts[(Index)block * channels + channel];
        count += part.count;
        value += (double)part.mean * part.count;
    }
    count = total(count, shared);
    double mean = total(value, shared) / count;
    for (int block = threadIdx.x; block < blocks; block += 128) {
        Part part = parts[(Index)block * channels + channel];
        square += part.squares + (part.mean - mean) * (part.mean - mean) * part.count;
    }
    double variance = total(square, shared) / count;
    if (threadIdx.x != 0) return;
    factor[channel] = (float)(scale[channel] / sqrt(variance + (double)epsilon));
    // Of the rounded factor, so that the mean becomes the shift.
    offset[channel] = (float)(shift[channel] - mean * (double)factor[channel]);
}
