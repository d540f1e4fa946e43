// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LPLR

@Suite struct CertificateTests {
  @Test func theSquaresOfTailAndGapAddUp() {
    // ||A||^2 = 100, ||B||^2 = 84, ||B - C||^2 = 9: sqrt(16 + 9) / 10.
    let certificate = Certificate(energy: 100, projected: 84, difference: 9)
    #expect(certificate.norm == 10)
    #expect(certificate.relativeError == 0.5)
    #expect(certificate.truncationError == 0.4)
    #expect(certificate.kind == .exact)
  }

  @Test func aTailThatRoundingHasMadeNegativeIsNone() {
    let certificate = Certificate(energy: 1, projected: 1 + 1e-9, difference: 0.01)
    #expect(certificate.truncationError == 0)
    #expect(abs(certificate.relativeError - 0.1) < 1e-12)
    #expect(certificate.kind == .exact)
  }

  @Test func belowTheResolutionItIsABound() {
    let certificate = Certificate(energy: 1, projected: 1, difference: 1e-9)
    #expect(certificate.kind == .bound)
    #expect(certificate.relativeError >= Certificate.resolution)
    #expect(certificate.relativeError <= 2 * Certificate.resolution)
  }

  @Test func zeroHasNoError() {
    let certificate = Certificate(energy: 0, projected: 0, difference: 0)
    #expect(certificate.relativeError == 0 && certificate.norm == 0)
    #expect(certificate.truncationError == 0)
    #expect(certificate.kind == .exact)
  }
}
