// SPDX-License-Identifier: Apache-2.0

extension Communicator {
  /// Does something that may fail on one rank, and fails on every rank if it fails on any.
  ///
  /// The lowest rank that failed throws its own error as ``AgreedFailure``, the others
  /// ``PeerFailure``: so the job ends at once, with one message and one status. Collective: one
  /// reduction of a number. `body` must not communicate, except by calls that themselves agree.
  package func agree<Result>(_ body: () throws -> Result) throws -> Result {
    try agree(wishing: .none, body).result
  }

  /// The same, and the strongest wish of any rank after its `body`, by the same reduction.
  package func agree<Result>(
    wishing wish: @autoclosure () -> Wish, _ body: () throws -> Result
  ) throws -> (result: Result, wish: Wish) {
    let outcome: Swift.Result<Result, any Error>
    do {
      outcome = .success(try body())
    } catch {
      // A failure agreed on inside `body` was thrown by every rank; nobody is left to agree with.
      if error is AgreedFailure || error is PeerFailure { throw error }
      outcome = .failure(error)
    }
    switch outcome {
    case .success(let result):
      // Below `size` the number of a rank that failed, from there on wishes, the strongest first.
      let strongest = Wish.end.rawValue
      let least = try allReduce(size + strongest - wish().rawValue, .min)
      guard least >= size else { throw try peerFailure(on: least) }
      return (result, Wish(rawValue: size + strongest - least) ?? .none)
    case .failure(let error):
      let failing = try allReduce(rank, .min)
      let failure = AgreedFailure(error)
      if failing == rank {
        var status = [Int64(failure.exitStatus)]
        try status.withUnsafeMutableBufferPointer { try broadcast($0, from: rank) }
        throw failure
      }
      throw try peerFailure(on: failing)
    }
  }

  /// Does something on the root alone; fails on every rank if it fails there. Collective.
  package func agreeOnRoot(_ body: () throws -> Void) throws {
    try agree { if isRoot { try body() } }
  }

  /// Ends what all ranks have come to together, with an error that they all know: the root throws it, the
  /// others ``PeerFailure``. Collective.
  package func fail(_ error: any Error) throws -> Never {
    try agreeOnRoot { throw error }
    preconditionFailure("an agreed failure was not thrown")
  }

  private func peerFailure(on failing: Int) throws -> PeerFailure {
    var status: [Int64] = [0]
    try status.withUnsafeMutableBufferPointer { try broadcast($0, from: failing) }
    return PeerFailure(rank: failing, exitStatus: Int32(status[0]))
  }
}
