// SPDX-License-Identifier: Apache-2.0

internal import ParallelHDF5

/// Which dimension of the file is cut into the ranks' column blocks.
package enum BlockAxis: String, CaseIterable, Sendable {
  /// The matrix as it stands: a rank owns columns of the file.
  case columns
  /// The transposed matrix: a rank owns rows of the file.
  case rows
  /// What reads better: ``rows`` for contiguous storage and for chunks that are wider than high,
  /// ``columns`` otherwise. Files of different layout may then give different factors.
  case auto

  /// `columns` or `rows`.
  func resolved(for dataset: Dataset) -> BlockAxis {
    resolved(rows: dataset.shape[0], columns: dataset.shape[1], chunk: dataset.chunk)
  }

  /// The same for a matrix of that shape in a file; `chunk` nil: contiguous.
  func resolved(rows: Int, columns: Int, chunk: [Int]?) -> BlockAxis {
    guard self == .auto else { return self }
    let piece = chunk ?? [1, columns]
    let rowShare = Double(piece[0]) / Double(rows)
    let columnShare = Double(piece[1]) / Double(columns)
    return columnShare > rowShare ? .rows : .columns
  }
}
