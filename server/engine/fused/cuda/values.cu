// Values and pictures in memory, for all kernels. Pictures lie channels last. T is a value in memory: float or, with
// HALF, the bits of a half, for which there is no type without the toolkit's headers. All arithmetic is in float.

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

// How many values a thread of a "wide" kernel reads and writes at once: 16 bytes. Where the number of channels is not a
// multiple of that, the "narrow" kernels read and write one.
#define WIDE (16 / (int)sizeof(T))

template <int N> struct __align__(N * sizeof(T)) Pack { T values[N]; };

// A picture that is a part of another: it begins with pixel `first` of `data`, whose rows are `pitch` pixels wide. `data`
// is null where there is no picture.
struct View {
    const T* data;
    Index first;
    Index pitch;
};

enum Activation { LINEAR, LEAKY, TANH };

__device__ __forceinline__ float activated(float value, int activation, float slope) {
    if (activation == LEAKY) return value > 0.0f ? value : value * slope;
    if (activation == TANH) return tanhf(value);
    return value;
}

// N neighbouring channels of a pixel, as floats.
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
