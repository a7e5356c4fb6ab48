/** Compensated summation as upstream does it (Neumaier's variant, with the compensation dropped on overflow). */
export class KahanSum {
  sum = 0
  compensation = 0

  reset(sum = 0, compensation = 0): void {
    this.sum = sum
    this.compensation = compensation
  }

  add(value: number): void {
    const sum = this.sum
    const total = sum + value
    if (!Number.isFinite(total) && !Number.isNaN(total)) this.compensation = 0
    else if (Math.abs(sum) >= Math.abs(value)) this.compensation += sum - total + value
    else this.compensation += value - total + sum
    this.sum = total
  }

  get total(): number {
    return this.sum + this.compensation
  }
}
