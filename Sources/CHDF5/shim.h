// SPDX-License-Identifier: Apache-2.0
//
// HDF5's predefined identifiers are macros over mutable globals (H5T_NATIVE_FLOAT
// opens the library, then reads H5T_NATIVE_FLOAT_g), which Swift does not import.
#pragma once
#include <hdf5.h>

#ifndef H5_HAVE_PARALLEL
#error "lplr-dist needs the parallel HDF5 (pkg-config hdf5-openmpi)"
#endif

static inline hid_t lplr_h5_default(void) { return H5P_DEFAULT; }
static inline hid_t lplr_h5p_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t lplr_h5p_dataset_access(void) { return H5P_DATASET_ACCESS; }
static inline hid_t lplr_h5p_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t lplr_h5p_link_create(void) { return H5P_LINK_CREATE; }

static inline hid_t lplr_h5t_native_float(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t lplr_h5t_native_double(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t lplr_h5t_native_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t lplr_h5t_native_uint8(void) { return H5T_NATIVE_UINT8; }
static inline hid_t lplr_h5t_native_uint32(void) { return H5T_NATIVE_UINT32; }
static inline hid_t lplr_h5t_ieee_f32le(void) { return H5T_IEEE_F32LE; }
static inline hid_t lplr_h5t_ieee_f64le(void) { return H5T_IEEE_F64LE; }
static inline hid_t lplr_h5t_std_u8le(void) { return H5T_STD_U8LE; }
static inline hid_t lplr_h5t_std_u32le(void) { return H5T_STD_U32LE; }
static inline hid_t lplr_h5t_std_i64le(void) { return H5T_STD_I64LE; }
static inline hid_t lplr_h5t_c_s1(void) { return H5T_C_S1; }
static inline size_t lplr_h5t_variable(void) { return H5T_VARIABLE; }

static inline unsigned lplr_h5f_acc_rdonly(void) { return H5F_ACC_RDONLY; }
static inline unsigned lplr_h5f_acc_rdwr(void) { return H5F_ACC_RDWR; }
static inline unsigned lplr_h5f_acc_trunc(void) { return H5F_ACC_TRUNC; }
static inline haddr_t lplr_h5_undefined_address(void) { return HADDR_UNDEF; }
