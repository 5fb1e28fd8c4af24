/**
 * Arithmetic that gives the same bits on every machine: only operations that IEEE 754 rounds one way. What an engine
 * calls exp may differ in the last bit from one processor to the next.
 */
const LN2_HIGH = 6.9314718036912381649e-1
const LN2_LOW = 1.90821492927058770002e-10
const PER_LN2 = 1.4426950408889634
/** The largest power is that of a finite number; below the smallest all is zero. */
const [POWER_MIN, POWER_MAX] = [-1_022, 1_023]
const POWERS = Float64Array.from(
  { length: POWER_MAX - POWER_MIN + 1 },
  (_, at) => 2 ** (at + POWER_MIN),
)
/** Added and taken away again it leaves a whole number: halves go to the even one. */
const ROUNDING = 1.5 * 2 ** 52

/** The nearest whole number, for |x| < 2^51. */
export const rounded = (x: number): number => x + ROUNDING - ROUNDING

/** e^x, within two units of the last place; 0 and Infinity beyond what a double holds. */
export function exp(x: number): number {
  if (x < -708) return 0
  if (x > 709) return Infinity
  const power = rounded(x * PER_LN2)
  const r = x - power * LN2_HIGH - power * LN2_LOW
  // The series to r^13: what is left out is below 2^-58 for |r| <= ln 2 / 2.
  const series =
    1 +
    r *
      (1 +
        r *
          (1 / 2 +
            r *
              (1 / 6 +
                r *
                  (1 / 24 +
                    r *
                      (1 / 120 +
                        r *
                          (1 / 720 +
                            r *
                              (1 / 5_040 +
                                r *
                                  (1 / 40_320 +
                                    r *
                                      (1 / 362_880 +
                                        r *
                                          (1 / 3_628_800 +
                                            r *
                                              (1 / 39_916_800 +
                                                r * (1 / 479_001_600 + r / 6_227_020_800))))))))))))
  return series * (POWERS[power - POWER_MIN] as number)
}

export const logistic = (x: number): number => 1 / (1 + exp(-x))

const bits = new DataView(new ArrayBuffer(8))

/** The natural logarithm of a positive, normal number, within two units of the last place. */
export function log(x: number): number {
  bits.setFloat64(0, x)
  const high = bits.getUint32(0)
  let power = (high >>> 20) - 1_023
  bits.setUint32(0, (high & 0xfffff) | 0x3ff00000)
  let part = bits.getFloat64(0)
  if (part > Math.SQRT2) {
    part /= 2
    power += 1
  }
  const s = (part - 1) / (part + 1)
  const z = s * s
  let series = 0
  // Of the series of artanh what is left out is below 2^-60 for z <= 0.0295.
  for (let odd = 25; odd >= 3; odd -= 2) series = (series + 1 / odd) * z
  return power * LN2_HIGH + (2 * s * (1 + series) + power * LN2_LOW)
}
