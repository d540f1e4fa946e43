// SPDX-License-Identifier: Apache-2.0
//
// ScaLAPACK and the BLACS come without C headers; these are the prototypes of what is used. The
// communicator arrives as Fortran's integer, which is the same with every MPI.
#pragma once
#include <mpi.h>

int Csys2blacs_handle(MPI_Comm communicator);
void Cblacs_gridinit(int *context, const char *order, int rows, int columns);
void Cblacs_gridinfo(int context, int *rows, int *columns, int *row, int *column);
void Cblacs_gridexit(int context);
int numroc_(const int *n, const int *block, const int *process, const int *first,
            const int *processes);
void descinit_(int *descriptor, const int *rows, const int *columns, const int *row_block,
               const int *column_block, const int *first_row, const int *first_column,
               const int *context, const int *leading_dimension, int *info);
void Cpdgemr2d(int rows, int columns, const double *a, int ia, int ja, const int *desc_a,
               double *b, int ib, int jb, const int *desc_b, int context);
void pdgesvd_(const char *jobu, const char *jobvt, const int *m, const int *n, double *a,
              const int *ia, const int *ja, const int *desc_a, double *s, double *u,
              const int *iu, const int *ju, const int *desc_u, double *vt, const int *ivt,
              const int *jvt, const int *desc_vt, double *work, const int *lwork, int *info);

static inline int lplr_blacs_handle(int fortran_communicator) {
  return Csys2blacs_handle(MPI_Comm_f2c(fortran_communicator));
}
