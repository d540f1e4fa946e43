// SPDX-License-Identifier: Apache-2.0
//
// MPI's handles are macros or casts of globals, which Swift cannot import;
// each becomes a getter, so that the MPI in use decides what it is.
#pragma once
#include <mpi.h>

static inline MPI_Comm lplr_mpi_comm_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Info lplr_mpi_info_null(void) { return MPI_INFO_NULL; }
static inline MPI_Status *lplr_mpi_status_ignore(void) { return MPI_STATUS_IGNORE; }
static inline void *lplr_mpi_in_place(void) { return MPI_IN_PLACE; }
static inline MPI_Errhandler lplr_mpi_errors_return(void) { return MPI_ERRORS_RETURN; }

static inline MPI_Datatype lplr_mpi_float(void) { return MPI_FLOAT; }
static inline MPI_Datatype lplr_mpi_double(void) { return MPI_DOUBLE; }
static inline MPI_Datatype lplr_mpi_int64(void) { return MPI_INT64_T; }
static inline MPI_Datatype lplr_mpi_byte(void) { return MPI_BYTE; }

static inline MPI_Op lplr_mpi_sum(void) { return MPI_SUM; }
static inline MPI_Op lplr_mpi_min(void) { return MPI_MIN; }
static inline MPI_Op lplr_mpi_max(void) { return MPI_MAX; }

// Plain macros, but of a type that Swift imports differently with each MPI.
static inline int lplr_mpi_comm_type_shared(void) { return MPI_COMM_TYPE_SHARED; }
static inline int lplr_mpi_thread_funneled(void) { return MPI_THREAD_FUNNELED; }
