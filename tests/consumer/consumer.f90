! Somebody else's Fortran program, compiled with traps: arrays of any kind, rank and section give what plain ones
! give; what does not fit is an error; a network is trained and opened again. consumer_fortran CONFIGURATION RUN_DIR
program consumer
  use, intrinsic :: iso_fortran_env, only: real32, real64, int64
  use gyre
  implicit none
  integer, parameter :: nx = 5, ny = 7
  real(real64), parameter :: tiny_error = 1e-6_real64 ! the order of sums
  type(network) :: net, closed
  type(workspace) :: work
  real(real32) :: x(3, nx, ny), y(nx, ny), z(1, nx * ny), wide(6, 2 * nx, ny), fields(0:nx + 1, ny, 4)
  real(real64) :: x64(3, nx, ny), y64(nx, ny), big(nx, ny, 3), loss, later
  real(real32) :: deep(1, 1, 1, 1, 1, 1, 1, 1, 3)
  integer :: i, status, whole(3, 2)
  character(256) :: from, run_dir

  call get_command_argument(1, from)
  call get_command_argument(2, run_dir)
  call gyre_open(net, from, training=.true., set=['seed=2          ', 'loss=mse        '])
  call expect(all(gyre_input(net) == [3_int64]) .and. all(gyre_output(net) == [1_int64]), 'shapes')
  call random_number(x)
  x64 = x

  call gyre_apply(net, x, y)
  call expect(any(y /= 0), 'numbers')
  call gyre_apply(net, reshape(x, [3, nx * ny]), z)
  call expect(same(real(reshape(z, [nx, ny]), real64)), 'an axis of its own')
  call gyre_apply(net, x64, y64)
  call expect(same(y64), 'real64')
  call gyre_apply(net, x(:, nx:1:-1, :), y64(nx:1:-1, :))
  call expect(same(y64), 'backwards')
  wide(1:6:2, 2:2 * nx:2, :) = x
  y64 = 0
  call gyre_apply(net, wide(1:6:2, 2:2 * nx:2, :), y64(:, :))
  call expect(same(y64), 'every second')
  do i = 1, 3
    fields(1:nx, :, i + 1) = x(i, :, :)
    big(:, :, i) = x(i, :, :)
  end do
  y64 = 0
  call gyre_apply(net, fields(1:nx, :, 2:4), y64, fields=.true.)
  call expect(same(y64), 'fields')
  call gyre_apply(net, big(:, ny:1:-1, :), y64(:, ny:1:-1), fields=.true.)
  call expect(same(y64), 'fields backwards')
  call gyre_make_workspace(work, net)
  y64 = 0
  call gyre_apply(net, x, y64, work=work)
  call expect(same(y64), 'workspace')
  call gyre_apply(net, x(:, 1:0, 1), y(1:0, 1))
  call gyre_apply(net, x(:, 2, 3), y64(1, 1))
  call expect(abs(y64(1, 1) - y(2, 3)) < tiny_error, 'one sample')

  call gyre_apply(net, x(1:2, :, :), y, status=status)
  call refused('an extent')
  call gyre_apply(net, x, y(:, 1:3), status=status)
  call refused('another number of samples')
  call gyre_apply(net, x, y, fields=.true., status=status)
  call refused('records for fields')
  call gyre_apply(net, whole, y(1:2, 1), status=status)
  call refused('whole numbers')
  deep = 0
  call gyre_apply(net, deep, y(1:1, 1), fields=.true., status=status)
  call expect(index(gyre_error(), 'it has 9 axes') > 0, 'the number of axes')
  call refused('many axes')
  call gyre_apply(closed, x, y, status=status)
  call refused('a closed network')
  call gyre_open(closed, 'nowhere', status=status)
  call refused('a path')

  y = sum(x, 1)
  call gyre_step(net, x, y, loss=loss)
  do i = 1, 20
    call gyre_step(net, x64, y, weight=abs(y), loss=later)
  end do
  call gyre_loss(net, x, y, loss=later)
  call expect(later < loss / 2 .and. gyre_steps(net) == 21, 'training')
  call gyre_save(net, run_dir)
  call gyre_apply(net, x, y)
  call gyre_free_workspace(work)
  call gyre_close(net)
  call gyre_open(closed, run_dir)
  call gyre_apply(closed, x, y64)
  call expect(same(y64), 'saved')

contains

  logical function same(answers)
    real(real64), intent(in) :: answers(nx, ny)
    same = all(abs(answers - y) < tiny_error)
  end function

  subroutine expect(condition, what)
    logical, intent(in) :: condition
    character(*), intent(in) :: what
    if (.not. condition) error stop what
  end subroutine

  subroutine refused(what)
    character(*), intent(in) :: what
    call expect(status /= 0 .and. len(gyre_error()) > 10, what)
    status = 0
  end subroutine
end program
